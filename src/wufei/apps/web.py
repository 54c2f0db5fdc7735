"""What the pages of every app share: filters in the address, partials, workbooks to take away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from django.conf import settings
from django.core.files import File
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from wufei.apps.spreadsheets import XLSX
from wufei.core.findings import Finding, Refused

LONGEST = 200  # characters of one parameter that are looked at
LARGEST_UPLOAD = 60 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class AddressFilters:
    """What a reader chose for a list, as the address says it. Each field is a parameter; empty means all."""

    q: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """From the parameters of an address."""
        # PostgreSQL takes no NUL in a text.
        return cls(**{name: query.get(name, "").replace("\0", "").strip()[:LONGEST] for name in cls._names()})

    def chosen(self) -> dict[str, str]:
        """The parameters that are set, for an address; not the place in the list."""
        return {name: text for name in self._names() if name != "after" and (text := getattr(self, name))}

    @classmethod
    def _names(cls) -> list[str]:
        return list(cls.__dataclass_fields__)


def uploaded_bytes(file: "File[bytes]") -> bytes:
    """The content of an uploaded file; raises ``Refused`` where it is too large to be a table."""
    size = file.size or 0
    if size > LARGEST_UPLOAD:
        what = f"文件有 {size // 1024**2} MB，最多 {LARGEST_UPLOAD // 1024**2} MB。"
        raise Refused([Finding(None, "", what, "请拆成几个文件，分别上传。", "file_too_large")])
    content: bytes = file.read()
    return content


def address(path: str, query: Mapping[str, str]) -> str:
    """``path`` with ``query`` behind it, where there is any."""
    return f"{path}?{urlencode(query)}" if query else path


def client_address(request: HttpRequest) -> str:
    """The network address of who asks: as the outermost of our own proxies saw it, where there are any."""
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if 0 < settings.PROXIES <= len(told):
        return str(told[-settings.PROXIES])[:45]
    return str(request.META.get("REMOTE_ADDR", ""))


def is_partial(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part of the page alone."""
    return bool(getattr(request, "htmx", False))


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    """An Excel file that the browser keeps under ``name``."""
    disposition = content_disposition_header(as_attachment=True, filename=name) or ""
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": disposition})
