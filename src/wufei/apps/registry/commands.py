"""The command line of registry."""

import click


@click.group()
def user() -> None:
    """user."""
