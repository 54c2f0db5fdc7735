"""Writes of the registry."""


def load_reference() -> None:
    """Bring the registry's tables to what the package's data say."""
