"""The command line of ledger."""

import click


@click.group()
def ledger() -> None:
    """ledger."""


@click.command()
def mass_balance() -> None:
    """mass_balance."""
