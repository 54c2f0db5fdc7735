"""What a person is told when something outside the program is wrong: the database, the disk, the words of a command.

Invariant: what is listed here ends with one Chinese sentence and what to do; everything else is our own mistake and
keeps its traceback (command line) or goes to the log (pages).
"""

import errno
import logging
import re
import sys

import click
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

log = logging.getLogger(__name__)

EXIT_ENVIRONMENT = 2

# what the driver says -> what a person is told; the first that fits
_DATABASE = [
    (
        r"database is locked|database table is locked|lock timeout|could not obtain lock",
        "数据库正被另一个程序占用，等待超时，没有保存任何内容。请稍后再试；总是这样时，看看是否有别的命令没有结束。",
    ),
    (r"deadlock detected|could not serialize", "与另一人的操作同时发生，没有保存任何内容。请再试一次。"),
    (r"disk is full|No space left|could not extend file", "磁盘已满，没有保存任何内容。请清理磁盘后再试。"),
    (r"readonly database|read-only", "数据库只读，没有保存任何内容。请检查 WUFEI_HOME 的写权限。"),
    (r"disk I/O error", "读写磁盘出错，没有保存任何内容。请检查磁盘（是否已满或损坏），再运行 wufei ledger verify。"),
    (
        r"unable to open database file",
        "打不开数据库文件。请检查 DATABASE_URL（sqlite:///路径）或 WUFEI_HOME 的文件夹是否存在、可写。",
    ),
    (
        r"file is not a database|malformed|file is encrypted",
        "这个文件不是数据库，或已损坏。请检查 DATABASE_URL，或从备份恢复。",
    ),
    (r"password authentication failed|no password supplied", "数据库的用户名或密码不对。请检查 DATABASE_URL。"),
    (r'role ".*" does not exist', "数据库没有这个用户。请检查 DATABASE_URL 的用户名。"),
    (r'database ".*" does not exist', "数据库服务器上没有这个库。请先建库（createdb），或检查 DATABASE_URL 的库名。"),
    (r"invalid connection option|invalid URI", "DATABASE_URL 里有不认识的选项。请写 postgresql://用户:密码@主机:端口/库名。"),
    (r"too many (?:clients|connections)", "数据库的连接已满。请稍后再试，或减少 --workers。"),
    (
        r"could not translate host name|Name or service not known|failed to resolve",
        "找不到数据库服务器的主机。请检查 DATABASE_URL 的主机名。",
    ),
    (
        r"connection (?:failed|refused|timeout)|Connection refused|server closed the connection|connection is closed"
        r"|terminating connection|the connection is lost",
        "连不上数据库。请检查数据库是否已启动，以及 DATABASE_URL 的主机和端口。",
    ),
]  # fmt: skip

_DISK = {
    errno.ENOSPC: "磁盘已满，没有保存任何内容。请清理磁盘后再试。",
    errno.EDQUOT: "磁盘配额已用完，没有保存任何内容。请清理后再试。",
    errno.EACCES: "没有读写{path}的权限。请检查权限，或设 WUFEI_HOME 为可写的文件夹。",
    errno.EPERM: "没有读写{path}的权限。请检查权限，或设 WUFEI_HOME 为可写的文件夹。",
    errno.EROFS: "{path}在只读的磁盘上。请设 WUFEI_HOME 为可写的文件夹。",
    errno.ENOENT: "没有{path}，也不能建立它。请检查路径；WUFEI_HOME 应是可写的文件夹。",
    errno.EEXIST: "{path}不是文件夹。请设 WUFEI_HOME 为可写的文件夹。",
    errno.ENOTDIR: "{path}不是文件夹。请设 WUFEI_HOME 为可写的文件夹。",
}

# what click says -> the same in Chinese
_WORDS = [
    (r"No such command '(.+?)'\..*", "没有命令“{0}”。"),
    (r"No such option:? '?([^'\s]+?)'?\.?(?: .*)?", "没有选项 {0}。"),
    (r"(?:File|Path|Directory) '(.+)' does not exist\.", "“{0}”不存在，请核对路径。"),
    (r"(?:File|Path) '(.+)' is a directory\.", "“{0}”是文件夹，请写到文件名。"),
    (r"(?:File|Path) '(.+)' is not readable\.", "没有读“{0}”的权限。"),
    (r"'(.+)': No such file or directory", "“{0}”不存在，请核对路径。"),
    (r"'(.+)': Is a directory", "“{0}”是文件夹，请写到文件名。"),
    (r"'(.+)': Permission denied", "没有读写“{0}”的权限。"),
    (r"'?(.+?)'? is not in the range (.+?)\.", "“{0}”不在 {1} 之间。"),
    (r"'(.+)' is not a valid integer(?: range)?\.", "“{0}”不是整数。"),
    (r"'(.+)' is not one of (.+)\.", "“{0}”不在可选项中，可选：{1}。"),
    (r"'(.+)' does not match the formats? .*", "“{0}”不是日期，请写成 2022-03-01。"),
    (r"Option '(.+)' requires an argument\.", "选项 {0} 后面要写值。"),
    (r"Got unexpected extra arguments? \((.+)\)", "多出了：{0}。"),
    (r"Missing (?:argument|option|parameter).*", "没有写 {param}。"),
    (r"Error: The two entered values do not match\.?", "两次输入不一致。"),
]  # fmt: skip


def explain(error: BaseException) -> str | None:
    """One Chinese sentence with what to do where the cause lies outside the program; ``None`` where it is ours."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, DatabaseError | InterfaceError):
        text = str(error)
        for pattern, told in _DATABASE:
            if re.search(pattern, text, re.IGNORECASE):
                return told
        return f"数据库出错：{text.strip()}" if isinstance(error, OperationalError) else None
    if isinstance(error, OSError) and error.errno in _DISK:
        return _DISK[error.errno].format(path=f" {error.filename} " if error.filename else "文件")
    return None


def click_message(error: click.ClickException) -> str:
    """What is wrong with the command line, in Chinese, and where its use is told."""
    message = error.format_message().strip()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return message
    context = getattr(error, "ctx", None)
    hint = _parameter(error)
    if isinstance(error, click.UsageError):
        message = message.removeprefix(f"Invalid value for {hint}: ") if hint else message
        message = re.sub(r"^Invalid value(?: for .+?)?: (?!$)", "", message)
    for pattern, words in _WORDS:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            message = words.format(*found.groups(), param=hint)
            break
    where = f"{hint}：" if hint and not message.startswith("没有写 ") else ""
    use = f"\n用法见：{context.command_path} --help" if context is not None else ""
    return f"{where}{message}{use}"


def _parameter(error: click.ClickException) -> str:
    if not isinstance(error, click.BadParameter):
        return ""
    if error.param_hint:
        return error.param_hint if isinstance(error.param_hint, str) else " / ".join(error.param_hint)
    return error.param.get_error_hint(error.ctx).replace("'", "") if error.param and error.ctx else ""


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a fault in a view: 503 with its cause where it lies outside the program, else 500."""
    error = sys.exc_info()[1]
    told = explain(error) if error else None
    if told is None:
        return defaults.server_error(request)
    log.error("503 %s: %s", request.path, error)
    # Without the request: what the page usually shows of the person may need the very database that fails.
    return HttpResponse(
        loader.get_template("503.html").render({"told": told}), status=503, headers={"Retry-After": "30"}
    )
