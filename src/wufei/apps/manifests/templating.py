"""Templates of a firm: manifests and rounds that it makes again and again, without what must never be copied."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, ManifestTemplate, Trip
from wufei.apps.manifests.trip_planning import clean, plan_again, plan_as_template
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_document import Document, merge, profile_findings, read_document, with_defaults
from wufei.core.manifest_profiles import fields_of, manifest_profiles

MOST_TEMPLATES = 200
LONGEST_NAME = 60


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


def visible_templates(user: User) -> QuerySet[ManifestTemplate]:
    """The templates of the person's own firm. Nobody else sees them."""
    if user.organisation_id is None or user.role not in FIRM_ROLES:
        return ManifestTemplate.objects.none()
    return ManifestTemplate.objects.filter(organisation=user.organisation_id)


def templates_of(user: User, kind: str = "") -> list[ManifestTemplate]:
    """The templates in sight by name; one query."""
    rows = visible_templates(user)
    return list((rows.filter(kind=kind) if kind else rows).order_by("kind", "name")[:MOST_TEMPLATES])


def template_of(user: User, key: str | int, kind: str = "") -> ManifestTemplate:
    """One template of the own firm, else 404."""
    found = next((t for t in templates_of(user, kind) if str(t.pk) == str(key)), None)
    if found is None:
        raise Http404("没有这个模板。")
    return found


def save_template(name: str, source: Manifest | Trip, *, act: Act) -> ManifestTemplate:
    """Keep what a copy takes over of a manifest, or the round of a trip, under a name of the firm's own."""
    if isinstance(source, Trip):
        return _keep(name, "trip", plan_as_template(plan_again(source, source.on)), [], act)
    return _keep(name, "manifest", copied(source.document), [], act)


def template_from(name: str, raw: object, *, act: Act) -> ManifestTemplate:
    """Keep what a copy takes over of a document that was handed in; it may be half written."""
    document, found = _begun(raw)
    return _keep(name, "manifest", document, found, act)


def change_template(key: int, *, name: str | None = None, patch: object = None, act: Act) -> ManifestTemplate:
    """Rename a template of a manifest, or lay a patch over its document as over a manifest's; ``None`` leaves it."""

    def work() -> ManifestTemplate:
        rows = visible_templates(act.person).select_for_update(of=("self",)).select_related("organisation")
        template = rows.filter(pk=template_of(act.person, key, "manifest").pk).get()
        before = {"name": template.name, "kind": template.kind}
        found: list[Finding] = []
        if patch is not None:
            template.document, found = _changed(template, patch)
        if name is not None:
            template.name = clean(name, LONGEST_NAME)
            found += _unnamed(template.name)
        if found:
            raise Refused(found)
        template.updated_at = act.server_at
        with transaction.atomic():
            template.save(update_fields=["name", "document", "updated_at"])
        _tell(template, "change_manifest_template", act, before=before)
        return template

    return _once(name or "", work)


def delete_template(key: int, *, act: Act, kind: str = "") -> None:
    """Take a template of the own firm away."""

    def work() -> None:
        template = template_of(act.person, key, kind)
        _tell(template, "delete_manifest_template", act)
        template.delete()

    in_transaction(work)


def document_from(template: ManifestTemplate, patch: object) -> object:
    """What a manifest of a template is drawn up of: ``patch`` laid over its document, not yet judged."""
    if found := _other_profile(template, patch):
        raise Refused(found)
    return merge(template.document, patch)  # type: ignore[arg-type]  # what is no object is left for the reader


def _other_profile(template: ManifestTemplate, patch: object) -> list[Finding]:
    profile = template.document["profile"]
    if not isinstance(patch, Mapping) or patch.get("profile", profile) == profile:
        return []
    what = f"模板“{template.name}”的联单类型是“{manifest_profiles()[profile].name}”，不能改。"
    return [Finding(None, "/profile", what, "请用另一种类型的模板。", "profile_fixed")]


def _changed(template: ManifestTemplate, patch: object) -> tuple[Document, list[Finding]]:
    if found := _other_profile(template, patch):
        return {}, [_below_document(finding) for finding in found]
    return _begun(merge(template.document, patch))  # type: ignore[arg-type]  # as above


def _below_document(finding: Finding) -> Finding:
    return replace(finding, field=f"/document{finding.field}")


def _begun(raw: object) -> tuple[Document, list[Finding]]:
    """What is kept of a document that was handed in, and what is wrong with it, by place below ``/document``."""
    document, found = read_document(raw)
    if not found:
        document = with_defaults(document)
        found = profile_findings(document)
    if found:
        return {}, [_below_document(finding) for finding in found]
    return copied(document), []


def _unnamed(title: str) -> list[Finding]:
    if title:
        return []
    return [Finding(None, "/name", "没有写模板名称。", "请写一个好认的名称，如“周一餐厨线”。", "required")]


def _keep(name: str, kind: str, document: Mapping[str, Any], found: list[Finding], act: Act) -> ManifestTemplate:
    firm = act.person.organisation
    title = clean(name, LONGEST_NAME)
    if firm is None or act.person.role not in FIRM_ROLES:
        what = "模板属于单位，您的账号不属于单位。"
        raise Refused([Finding(None, "", what, "请用单位账号。", "not_authorised")])
    found = found + _unnamed(title)
    if ManifestTemplate.objects.filter(organisation=firm).count() >= MOST_TEMPLATES:
        what = f"已有 {MOST_TEMPLATES} 个模板。"
        found.append(Finding(None, "/name", what, "请先删去不用的。", "too_many_templates"))
    if found:
        raise Refused(found)

    def work() -> ManifestTemplate:
        with transaction.atomic():
            made = ManifestTemplate.objects.create(
                organisation=firm,
                kind=kind,
                name=title,
                document=document,
                created_by=act.actor,
                created_at=act.server_at,
                updated_at=act.server_at,
            )
        _tell(made, "save_manifest_template", act)
        return made

    return _once(title, work)


def _once(title: str, work: Callable[[], ManifestTemplate]) -> ManifestTemplate:
    try:
        return in_transaction(work)
    except IntegrityError:
        what = f"已有名为“{title}”的模板。"
        raise Refused([Finding(None, "/name", what, "请换一个名称，或先删去旧的。", "name_taken")]) from None


def _tell(template: ManifestTemplate, verb: str, act: Act, before: Mapping[str, Any] | None = None) -> None:
    record_fact(
        at=act.server_at,
        actor=act.actor,
        verb=verb,
        subject=f"manifest_template:{template.pk}",
        division=template.organisation.division_id,
        before=before,
        after={"name": template.name, "kind": template.kind},
    )
