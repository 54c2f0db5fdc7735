"""Which addresses news may be sent to: only hosts and networks that ``WUFEI_WEBHOOK_HOSTS`` names.

Without that, whoever may register a webhook could make this server knock at doors of the intranet that are closed to
them. An address is resolved at each delivery and the connection goes to the very address that was checked.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from wufei.core.findings import Finding

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: an IP address, with the name it stands for."""

    host: str
    port: int
    address: str


class NotAllowed(ValueError):
    """The address must not be called; the message says why and what to do, in Chinese."""


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed(f"找不到主机“{host[:60]}”。请核对网址，或请管理员检查域名解析。") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def target_of(url: str, resolved: Resolve = resolve) -> Target:
    """Where ``url`` leads. Raises ``NotAllowed``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise NotAllowed("网址读不懂。请写成 https://主机/路径。") from None
    if parts.scheme not in {"http", "https"} or not host or not url.isprintable() or " " in url:
        raise NotAllowed("网址应以 https:// 或 http:// 开头，后面是主机和路径。请改正。")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("网址里不能写用户名和密码。请用签名核对来源。")
    names, networks = allowed()
    addresses = list(resolved(host, port))
    is_within = bool(addresses) and all(_is_within(address, networks) for address in addresses)
    if not (is_within or _is_named(host, names)):
        raise NotAllowed(f"主机“{host[:60]}”不在允许推送的范围内。请管理员把它或它的网段写入 WUFEI_WEBHOOK_HOSTS。")
    if not is_within and host not in names and any(_is_of_a_machine(address) for address in addresses):
        raise NotAllowed(f"主机“{host[:60]}”指向服务器自身或本机网段的地址，不能推送到那里。请改用对方的主机名。")
    return Target(host, port, addresses[0])


def finding_of(url: str, resolved: Resolve = resolve) -> Finding | None:
    """What is wrong with an address that is to be registered."""
    try:
        target_of(url, resolved)
    except NotAllowed as error:
        what, _, remedy = str(error).partition("。")
        return Finding(None, "url", f"{what}。", remedy, "webhook_address")
    return None


def allowed() -> tuple[list[str], list[ipaddress.IPv4Network | ipaddress.IPv6Network]]:
    """The host names (``.example.cn`` for all below it) and the networks that are let through."""
    names, networks = [], []
    for entry in settings.WEBHOOK_HOSTS:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            names.append(entry.lower())
    return names, networks


def _is_named(host: str, names: Sequence[str]) -> bool:
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in names)


def _is_of_a_machine(address: str) -> bool:
    """Whether an address is this machine's own or its link's: a name below an allowed one must not lead there."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast


def _is_within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)
