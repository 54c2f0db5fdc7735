"""Serving: ``wufei serve``, ``wufei demo`` and ``wufei setup``."""

import errno
import os
import socket
import sys

import click
from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connections

DEMO_PLACE, DEMO_YEAR, DEMO_SEED = "330523", 2022, 1
EXIT_PORT_BUSY = 3


@click.command()
def setup() -> None:
    """把数据库准备好：建表、装入参考数据。"""
    click.echo("数据库已就绪。")


def check_port(host: str, port: int) -> None:
    """Stop with a clear message where the address cannot be served; ``port`` 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                what = f"端口 {port} 已被别的程序占用。换一个端口，例如：--port {port + 1}。"
            elif error.errno == errno.EACCES:
                what = f"没有权限使用端口 {port}。换一个大于 1024 的端口，例如：--port 8000。"
            else:
                what = f"不能在 {host}:{port} 提供服务（{error.strerror}）。检查 --host 和 --port。"
            click.echo(what, err=True)
            raise SystemExit(EXIT_PORT_BUSY) from error


def missing_libraries() -> list[str]:
    """The browser libraries that are not set up; pages then answer, but plain and without pictures."""
    return [name for name, path in settings.VENDOR.items() if not (settings.VENDOR_DIR / path).is_dir()]


def run_server(host: str, port: int, workers: int) -> None:
    """Serve the pages by granian until interrupted."""
    if missing := missing_libraries():
        click.echo(
            f"没有找到浏览器库 {'、'.join(missing)}，页面没有样式和图。请运行 make setup 装好后重新启动。",
            err=True,
        )
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    connections.close_all()  # the workers open their own
    Granian(
        "wufei.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        log_level=LogLevels.error,
        respawn_failed_workers=True,  # one worker that falls does not end the others
        workers_kill_timeout=5,  # an open connection does not keep the machine waiting
    ).serve()


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址。")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口。")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="工作进程数。")
def serve(host: str, port: int, workers: int) -> None:
    """提供页面服务。"""
    check_port(host, port)
    click.echo(f"页面地址：{_address(host, port)}（按 Ctrl+C 停止）")
    run_server(host, port, workers)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址。")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口。")
def demo(host: str, port: int) -> None:
    """演示：五个地方的方案、安吉县一年的模拟台账、演示账号，并提供页面服务。"""
    check_port(host, port)
    _enter_demo_mode()
    _refuse_a_database_in_use()
    _simulate()
    _print_accounts()
    click.echo(f"\n页面地址：{_address(host, port)}（按 Ctrl+C 停止）")
    run_server(host, port, workers=2)


def _enter_demo_mode() -> None:
    """``wufei demo`` is demo mode, also for the processes that it starts, unless WUFEI_DEMO says no."""
    if os.environ.setdefault("WUFEI_DEMO", "1") != "1":
        click.echo("WUFEI_DEMO 不是 1，不能启动演示。去掉这个环境变量，或设为 1。", err=True)
        raise SystemExit(2)
    settings.DEMO = True


def _refuse_a_database_in_use() -> None:
    """Demo accounts and simulated movements never enter a database that real people work in."""
    from wufei.apps.registry.models import User

    if User.objects.filter(is_demo=False).exists():
        click.echo(
            "这个数据库里有正式账号，不能用于演示（演示会写入模拟台账和演示账号）。"
            "设 WUFEI_HOME 为一个新目录，或 DATABASE_URL 为一个空的数据库，再启动演示。",
            err=True,
        )
        raise SystemExit(2)


def _simulate() -> None:
    """Bring the simulated year of 安吉 and documents of today, if they are not there yet, and sign a checkpoint."""
    from django.utils import timezone

    from wufei.apps.exchange.closed_loop import make_closed_loop
    from wufei.apps.exchange.commands import simulate_with_bar
    from wufei.apps.ledger.checkpoints import take_checkpoint
    from wufei.apps.registry.demo import create_demo_accounts
    from wufei.core.simulation import load_scenario

    click.echo(f"模拟安吉县 {DEMO_YEAR} 年台账……", err=True)
    done = simulate_with_bar(load_scenario(DEMO_PLACE, DEMO_YEAR), seed=DEMO_SEED, actor="system")
    create_demo_accounts()
    if make_closed_loop(now=timezone.now()) or done.booked:
        take_checkpoint(actor="system", at=timezone.now())
    click.echo(f"模拟台账：{done.sites} 个场所，{done.booked + done.already} 笔记录（均标为模拟数据）。")


def _print_accounts() -> None:
    """The demo accounts with their passwords."""
    from rich.console import Console
    from rich.table import Table

    from wufei.apps.registry.demo import create_demo_accounts

    table = Table(title="演示账号（只在演示模式下可以登录）")
    for heading in ("用户名", "密码", "角色", "看得到什么"):
        table.add_column(heading, no_wrap=heading != "看得到什么", overflow="fold")
    for row in create_demo_accounts():
        table.add_row(*row)
    Console().print(table)


@click.command("django", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def django_command(args: tuple[str, ...]) -> None:
    """运行 Django 的管理命令，供运维人员使用。"""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
    execute_from_command_line([sys.argv[0], *args])
