"""A small interface of the tests' own, with one endpoint of each kind, below ``/api/v1/``. Things are facts."""

from datetime import UTC, datetime

from django.http import Http404
from django.urls import include, path
from ninja import Query, Router, Status

from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_fact
from wufei.apps.rest.bulk import BulkQuery, answer_lines, bulk_extra, read_lines, whole_extra
from wufei.apps.rest.interface import Interface
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import In, Instant, MassG, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.config.api import _unexpected
from wufei.core.findings import Finding, Refused

router = Router(tags=["things"])


class Part(In):
    name: Text
    mass_g: MassG


class ThingIn(In):
    name: Text
    at: Instant
    parts: list[Part] = []


class ThingOut(Out):
    id: int
    name: str


def shaped(fact):
    return {"id": fact.pk, "name": fact.subject}


@router.get("/", auth=Bearer("manifests:read"), response=Page[ThingOut])
def list_things(request, asked: Query[PageQuery]):
    return page_of(Fact.objects.filter(verb="load_plan"), asked, shaped, by="recorded_at")


@router.get("/by-number/", auth=Bearer("manifests:read"), response=Page[ThingOut])
def list_by_number(request, asked: Query[PageQuery]):
    return page_of(Fact.objects.all(), asked, shaped, by="subject")


# before /{number}/, which would take the word for a number
@router.post("/lines/", auth=Bearer("manifests:write"), openapi_extra=bulk_extra(ThingIn, ThingOut))
def create_things(request, asked: Query[BulkQuery]):
    return answer_lines(request, asked, ThingIn, lambda thing: make_thing(request, thing))


@router.post(
    "/whole/lines/", auth=Bearer("manifests:write"), response={201: dict}, openapi_extra=whole_extra(ThingIn, 3)
)
@writes
def create_all_things(request):
    lines = read_lines(request, ThingIn.model_validate, most=3)
    return Status(201, {"created": len([make_thing(request, thing) for _, thing in lines])})


@router.get("/{number}/", auth=Bearer("manifests:read"), response=ThingOut)
def get_thing(request, number: int):
    fact = Fact.objects.filter(pk=number).first()
    if fact is None:
        raise Http404
    return shaped(fact)


@router.post("/", auth=Bearer("manifests:write"), response={201: ThingOut})
@writes
def create_thing(request, thing: ThingIn):
    fact = record_fact(
        at=datetime(2026, 11, 25, tzinfo=UTC), actor=request.user.username, verb="load_plan", subject=thing.name
    )
    if thing.name == "坏":
        raise ZeroDivisionError
    if thing.name == "拒":
        heavy = Finding(None, "/parts/0/mass_g", "质量 9 克，最多 5 克。", "请核对。", "too_heavy")
        raise Refused([heavy, Finding(3, "a/b", "没有写。", "请补上。", "missing_name")])
    return Status(201, shaped(fact))


def make_thing(request, thing):
    if thing.name == "拒":
        raise Refused([Finding(None, "name", "名称是“拒”。", "请换一个。", "bad_name")])
    if thing.name == "坏":
        raise ZeroDivisionError
    at = datetime(2026, 11, 25, tzinfo=UTC)
    return shaped(record_fact(at=at, actor=request.user.username, verb="load_plan", subject=thing.name))


api = Interface(title="试", version="1", urls_namespace="api", unexpected=_unexpected)
api.add_router("/things/", router)
urlpatterns = [path("api/v1/", api.urls), path("", include("wufei.config.urls"))]
