"""What a manifest says in the sender's record book (出库、委外): receiver, method, vehicle."""

from collections.abc import Collection, Mapping

from wufei.apps.declarations.adopting import register_details
from wufei.apps.manifests.models import Manifest


def register() -> None:
    """Let entries of the record book show what their manifests say."""
    register_details("manifest", lines_of)


def lines_of(numbers: Collection[str]) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Cells by field for each manifest and waste code; one query."""
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    rows = Manifest.objects.filter(number__in=list(numbers)).select_related("receiver_site")
    for row in rows:
        document = row.document
        carrier = (document.get("carriers") or [{}])[0]
        common = {
            "manifest_number": row.number,
            "receiver": row.receiver_name,
            "receiver_kind": "permit",
            "receiver_site": row.receiver_site.code if row.receiver_site else "",
            "plate": carrier.get("vehicle") or "",
            "carrier": carrier.get("driver") or "",
            "handler": (document.get("generator") or {}).get("handler") or "",
            "way": row.receiver_name,
        }
        for waste in document.get("wastes") or []:
            found.setdefault((row.number, waste["code"]), {**common, "method": waste.get("method") or ""})
    return found
