"""The manifest templates of the interface: list, one, keeping, changing, taking away, and drawing up from one."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Body, Path, Query, Router
from ninja import Status as Answer
from pydantic import Field, WithJsonSchema

from wufei.apps.manifests import services
from wufei.apps.manifests.api import ManifestDetailOut, PatchIn, act_of, detail_of, found_manifest
from wufei.apps.manifests.models import ManifestTemplate
from wufei.apps.manifests.templating import (
    LONGEST_NAME,
    change_template,
    delete_template,
    document_from,
    save_template,
    template_from,
    template_of,
    visible_templates,
)
from wufei.apps.registry.models import User
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_schema import document_schema

router = Router(tags=["manifest templates"])
READ, WRITE = Bearer("manifests:read"), Bearer("manifests:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]
Name = Annotated[Text, Field(max_length=LONGEST_NAME, description="模板的名称，本单位内不重复。")]
DocumentIn = Annotated[Any, WithJsonSchema(document_schema(half_written=True))]


class ManifestTemplateQuery(PageQuery):
    """What a reader asks of the list of templates."""

    profile: Text | None = Field(None, description="联单类型。")


class ManifestTemplateIn(In):
    """A template: what a copy takes over of a document, or of a manifest in sight."""

    name: Name
    document: DocumentIn | None = Field(
        None, description="联单内容，可以只写一部分；重量、车牌、包装等不留在模板里。"
    )
    manifest: Text = Field("", description="或：照哪一份联单。")


class ManifestTemplatePatchIn(In):
    """What is to change; what is left out stays."""

    name: Name | None = None
    document: PatchIn | None = Field(None, description="要改的内容；列表按位置合并，null 表示清空。")


class ManifestTemplateOut(Out):
    """A template of the own firm: what a manifest begins with."""

    id: int
    name: str
    profile: str
    document: dict[str, Any]
    created_at: Instant
    updated_at: Instant


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def template_out(row: ManifestTemplate) -> dict[str, object]:
    """A template as the interface answers it."""
    names = ("id", "name", "document", "created_at", "updated_at")
    return {name: getattr(row, name) for name in names} | {"profile": row.document["profile"]}


@router.get("/", auth=READ, response=Page[ManifestTemplateOut], summary="联单模板列表")
def list_manifest_templates(request: HttpRequest, asked: Query[ManifestTemplateQuery]) -> dict[str, object]:
    """本单位的联单模板，按最近变动的先后；车次的模板在页面上。"""
    rows = visible_templates(_user(request)).filter(kind="manifest")
    if asked.profile:
        rows = rows.filter(document__profile=asked.profile)
    return page_of(rows, asked, template_out, by="updated_at")


@router.post("/", auth=WRITE, response={201: ManifestTemplateOut}, summary="存为联单模板")
@writes
def create_manifest_template(request: HttpRequest, body: ManifestTemplateIn) -> Answer[dict[str, object]]:
    """把一份内容（document）或一份已有的联单（manifest）存为本单位的模板。"""
    if (body.document is None) == (not body.manifest):
        what = "请在 document 和 manifest 中写一个，且只写一个。"
        raise Refused([Finding(None, "/document", what, "写联单内容，或写联单编号。", "one_source")])
    act = act_of(request)
    if body.manifest:
        made = save_template(body.name, found_manifest(request, body.manifest), act=act)
    else:
        made = template_from(body.name, body.document, act=act)
    return Answer(201, template_out(made))


@router.get("/{key}/", auth=READ, response=ManifestTemplateOut, summary="一个联单模板")
def get_manifest_template(request: HttpRequest, key: Key) -> dict[str, object]:
    """模板的名称和内容。"""
    return template_out(template_of(_user(request), key, "manifest"))


@router.patch("/{key}/", auth=WRITE, response=ManifestTemplateOut, summary="修改联单模板")
@writes
def update_manifest_template(request: HttpRequest, key: Key, body: ManifestTemplatePatchIn) -> dict[str, object]:
    """改名称，或改内容；联单类型不能改。以前照它开具的联单不变。"""
    return template_out(change_template(key, name=body.name, patch=body.document, act=act_of(request)))


@router.delete("/{key}/", auth=WRITE, response={204: None}, summary="删除联单模板")
@writes
def delete_manifest_template(request: HttpRequest, key: Key) -> Answer[None]:
    """删除模板；照它开具的联单不变。"""
    delete_template(key, act=act_of(request), kind="manifest")
    return Answer(204, None)


@router.post("/{key}/manifest/", auth=WRITE, response={201: ManifestDetailOut}, summary="照模板开具联单")
@writes
def create_manifest_from_template(
    request: HttpRequest, key: Key, body: Body[PatchIn], submit: bool = False
) -> Answer[dict[str, object]]:
    """模板的内容加上所写的（重量、车牌等，列表按位置合并），开具一份草稿；submit=true 时同时提交（签字）。"""
    document = document_from(template_of(_user(request), key, "manifest"), body)
    write = services.create_and_submit if submit else services.create_manifest
    return Answer(201, detail_of(request, write(document, act=act_of(request))))
