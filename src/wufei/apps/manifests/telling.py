"""What of a manifest a reader is told: personal data masked for who is no party, findings on a firm's own books.

Invariant: a firm reads a manifest only as a party of it (``ManifestSight``); everyone else reads by office.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser

from wufei.apps.manifests.forms import is_masked, mask
from wufei.apps.manifests.models import Manifest
from wufei.apps.registry.models import User
from wufei.core.manifest_document import Document

# What these find stands in the sender's books: its stock, its plan. The other firms on the manifest need not know it.
OF_THE_SENDER = frozenset({"stock_short", "undeclared_stock", "plan_missing", "plan_transfer", "plan_remaining"})


def is_party(user: User | AnonymousUser) -> bool:
    """Whether who reads a manifest reads it as a party: who belongs to a firm sees no other."""
    return isinstance(user, User) and user.organisation_id is not None


def document_for(user: User | AnonymousUser, manifest: Manifest) -> Document:
    """The document as the reader may see it: phones and licences shortened for who is no party."""
    return version_for(user, manifest.document)


def version_for(user: User | AnonymousUser, version: Document) -> Document:
    """A version of a manifest as the reader may see it."""
    document: Document = version if is_party(user) else _masked(version, "")
    return document


def _masked(node: Any, at: str) -> Any:
    if isinstance(node, dict):
        return {name: _masked(value, f"{at}/{name}") for name, value in node.items()}
    if isinstance(node, list):
        return [_masked(value, f"{at}/{i}") for i, value in enumerate(node)]
    return mask(node) if isinstance(node, str) and is_masked(at) else node


def hears_all(user: User | AnonymousUser, manifest: Manifest) -> bool:
    """Whether all findings concern the reader: the sender's people and the offices."""
    site = manifest.generator_site
    is_sender = isinstance(user, User) and site is not None and site.organisation_id == user.organisation_id
    return is_sender or not is_party(user)


def findings_for(
    user: User | AnonymousUser, manifest: Manifest, findings: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The findings that concern the reader: those on the sender's own books go to the sender and the offices."""
    if hears_all(user, manifest):
        return list(findings)
    return [finding for finding in findings if finding.get("code") not in OF_THE_SENDER]
