"""The command line of assessment."""

import click


@click.command()
def assess() -> None:
    """assess."""


@click.command()
def check() -> None:
    """check."""
