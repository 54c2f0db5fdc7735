"""A file inside a request: its name and its bytes in Base64. How big it may be is the limit of a body."""

import base64
import binascii

from pydantic import Field

from wufei.apps.rest.schemas import In, Text
from wufei.core.findings import Finding, Refused


class FileIn(In):
    """A file."""

    name: Text = Field(description="文件名。")
    content: str = Field(description="文件内容，Base64。")


def bytes_of(given: FileIn, pointer: str) -> bytes:
    """The bytes of a file that stands at ``pointer`` of the request. Raises ``Refused``."""
    try:
        return base64.b64decode(given.content, validate=True)
    except (binascii.Error, ValueError):
        what = f"文件“{given.name[:40]}”的 content 不是 Base64。"
        raise Refused(
            [Finding(None, f"{pointer}/content", what, "请把文件按 Base64 编码后再发。", "bad_base64")]
        ) from None
