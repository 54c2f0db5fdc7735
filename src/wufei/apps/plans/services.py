"""Writes of the four lists."""


def load_packs() -> None:
    """Bring the tables of the four lists to what ``data/plans`` says."""
