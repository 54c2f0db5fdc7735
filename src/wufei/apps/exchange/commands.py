"""The command line of exchange."""

import click


@click.command()
def simulate() -> None:
    """simulate."""
