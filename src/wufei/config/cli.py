"""The one entry of the command line, ``wufei``. Each app brings its commands; this table says where they are."""

import os
import sys
from importlib import import_module

import click

# name on the command line -> (module, attribute, needs a database that is set up; or all but these subcommands do)
COMMANDS: dict[str, tuple[str, str, bool | frozenset[str]]] = {
    "amendments": ("wufei.apps.amendments.commands", "amendments", True),
    "assess": ("wufei.apps.assessment.commands", "assess", True),
    "check": ("wufei.apps.assessment.commands", "check", True),
    "declarations": ("wufei.apps.declarations.commands", "declarations", True),
    "demo": ("wufei.config.serve", "demo", True),
    "facts": ("wufei.apps.facts.commands", "facts", True),
    "field": ("wufei.apps.field.commands", "field", True),
    "ledger": ("wufei.apps.ledger.commands", "ledger", True),
    "mass-balance": ("wufei.apps.ledger.commands", "mass_balance", True),
    "plan": ("wufei.apps.plans.commands", "plan", True),
    "proof": ("wufei.apps.ledger.proof_commands", "proof", frozenset({"check"})),
    "serve": ("wufei.config.serve", "serve", True),
    "setup": ("wufei.config.serve", "setup", True),
    "signatures": ("wufei.apps.signatures.commands", "signatures", True),
    "simulate": ("wufei.apps.exchange.commands", "simulate", True),
    "token": ("wufei.apps.rest.commands", "token", True),
    "user": ("wufei.apps.registry.commands", "user", True),
    "weighings": ("wufei.apps.weighings.commands", "weighings", True),
    "webhooks": ("wufei.apps.exchange.commands_webhooks", "webhooks", True),
    "django": ("wufei.config.serve", "django_command", False),
}


class Commands(click.Group):
    """Loads an app only when its command is called, and sets the database up before a command that needs it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, needs_database = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        ctx.meta["wufei.needs_database"] = needs_database
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        asks_for_help = not rest or "--help" in rest
        needs = ctx.meta.get("wufei.needs_database")
        if isinstance(needs, frozenset):
            needs = not needs & set(rest[:1])
        if needs and not (asks_for_help and isinstance(command, click.Group)):
            from wufei.config.ready import ensure_ready

            ensure_ready()
        return name, command, rest


@click.command(cls=Commands)
@click.version_option(package_name="wufei")
def wufei() -> None:
    """无废: the open platform for zero-waste cities. 全域“无废城市”一体化平台。"""


def main() -> None:
    """Run the command line. What is wrong outside the program ends with one Chinese sentence and exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
    import django
    from django.conf import settings

    from wufei.config import faults

    try:
        django.setup()
        sys.exit(wufei(standalone_mode=False))
    except click.ClickException as error:
        click.echo(faults.click_message(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("已中断。", err=True)
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - raised again unless the cause lies outside the program
        told = faults.explain(error)
        if told is None or (settings.configured and settings.DEBUG):
            raise
        click.echo(told, err=True)
        sys.exit(faults.EXIT_ENVIRONMENT)


if __name__ == "__main__":
    main()
