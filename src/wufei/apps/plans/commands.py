"""The command line of plans."""

import click


@click.group()
def plan() -> None:
    """plan."""
