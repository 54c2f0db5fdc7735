"""Templates of a firm: manifests and rounds that it makes again and again, without what must never be copied."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, ManifestTemplate, Trip
from wufei.apps.manifests.trip_planning import clean, plan_again, plan_as_template
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_document import Document
from wufei.core.manifest_profiles import fields_of

MOST_TEMPLATES = 200


def copied(document: Mapping[str, Any]) -> Document:
    """What a copy or a template takes over of a document: fields that say so; never masses, plates or packages."""
    kept = {field.pointer for field in fields_of(str(document["profile"])) if field.is_copied}

    def walk(node: Any, at: str) -> Any:
        if isinstance(node, dict):
            return {n: w for n, value in node.items() if (w := walk(value, f"{at}/{n}")) not in (None, {}, [])}
        if isinstance(node, list) and any(isinstance(item, dict) for item in node):
            return [walk(item, f"{at}/*") for item in node]
        return node if at in kept else None

    told: Document = walk({name: value for name, value in document.items() if name != "receipt"}, "")
    return {**told, "profile": document["profile"]}


def templates_of(user: User, kind: str = "") -> list[ManifestTemplate]:
    """The templates of the person's own firm, by name; one query. Nobody else sees them."""
    if user.organisation_id is None or user.role not in FIRM_ROLES:
        return []
    rows = ManifestTemplate.objects.filter(organisation=user.organisation_id)
    return list((rows.filter(kind=kind) if kind else rows).order_by("kind", "name")[:MOST_TEMPLATES])


def template_of(user: User, key: str | int, kind: str = "") -> ManifestTemplate:
    """One template of the own firm, else 404."""
    found = next((t for t in templates_of(user, kind) if str(t.pk) == str(key)), None)
    if found is None:
        raise Http404("没有这个模板。")
    return found


def save_template(name: str, source: Manifest | Trip, *, act: Act) -> ManifestTemplate:
    """Keep what a copy takes over of a manifest, or the round of a trip, under a name of the firm's own."""
    firm = act.person.organisation
    title = clean(name, 60)
    found = []
    if firm is None or act.person.role not in FIRM_ROLES:
        found.append(Finding(None, "", "模板属于单位，您的账号不属于单位。", "请用单位账号。", "not_authorised"))
    if not title:
        found.append(Finding(None, "name", "没有写模板名称。", "请写一个好认的名称，如“周一餐厨线”。", "required"))
    if firm is not None and ManifestTemplate.objects.filter(organisation=firm).count() >= MOST_TEMPLATES:
        what = f"已有 {MOST_TEMPLATES} 个模板。"
        found.append(Finding(None, "name", what, "请先删去不用的。", "too_many_templates"))
    if found:
        raise Refused(found)
    is_trip = isinstance(source, Trip)
    document = (
        plan_as_template(plan_again(source, source.on)) if isinstance(source, Trip) else copied(source.document)
    )

    assert firm is not None

    def work() -> ManifestTemplate:
        with transaction.atomic():
            made = ManifestTemplate.objects.create(
                organisation=firm,
                kind="trip" if is_trip else "manifest",
                name=title,
                document=document,
                created_by=act.actor,
                created_at=act.server_at,
            )
        _tell(made, "save_manifest_template", act)
        return made

    try:
        return in_transaction(work)
    except IntegrityError:
        what = f"已有名为“{title}”的模板。"
        raise Refused([Finding(None, "name", what, "请换一个名称，或先删去旧的。", "name_taken")]) from None


def delete_template(key: int, *, act: Act) -> None:
    """Take a template of the own firm away."""

    def work() -> None:
        template = template_of(act.person, key)
        _tell(template, "delete_manifest_template", act)
        template.delete()

    in_transaction(work)


def _tell(template: ManifestTemplate, verb: str, act: Act) -> None:
    record_fact(
        at=act.server_at,
        actor=act.actor,
        verb=verb,
        subject=f"manifest_template:{template.pk}",
        division=template.organisation.division_id,
        after={"name": template.name, "kind": template.kind},
    )
