"""Serving: ``wufei serve``, ``wufei demo`` and ``wufei setup``."""

import os
import sys

import click
from django.core.management import execute_from_command_line


@click.command()
def setup() -> None:
    """Make the database ready: tables and reference data."""
    click.echo("数据库已就绪。")


def run_server(host: str, port: int, workers: int) -> None:
    """Serve the pages by granian until interrupted."""
    from granian import Granian
    from granian.constants import Interfaces

    click.echo(f"http://{host}:{port}/")
    Granian(
        "wufei.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
    ).serve()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages."""
    run_server(host, port, workers)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def demo(host: str, port: int) -> None:
    """Set up the five plans and a simulated year of 安吉, print the demo accounts and serve the pages."""
    run_server(host, port, workers=2)


@click.command("django", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def django_command(args: tuple[str, ...]) -> None:
    """Run a management command of Django, for those who run the machine."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
    execute_from_command_line([sys.argv[0], *args])
