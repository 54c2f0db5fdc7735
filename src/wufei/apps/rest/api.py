"""The interface's own addresses: its entrance, who calls, and what each kind of problem means."""

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Router

from wufei.apps.registry.models import User
from wufei.apps.rest.models import ApiToken
from wufei.apps.rest.reference import problem_kinds, scopes
from wufei.apps.rest.schemas import Instant, Out, ProblemKindOut
from wufei.apps.rest.security import Bearer

router = Router(tags=["rest"])


class MeOut(Out):
    """Who calls."""

    username: str
    name: str
    role: str
    division: str
    organisation: str
    scopes: list[str]
    expires_at: Instant | None


class EntranceOut(Out):
    """Where to go from here."""

    documentation: str
    openapi: str
    problems: str
    me: str


@router.get("/", response=EntranceOut, auth=None, summary="入口")
def enter(request: HttpRequest) -> dict[str, str]:
    """The addresses of the documentation, the OpenAPI document, the kinds of problem, and of who calls."""
    return {
        "documentation": reverse("api:openapi-view"),
        "openapi": reverse("api:openapi-json"),
        "problems": reverse("api:list_problem_kinds"),
        "me": reverse("api:who_am_i"),
    }


@router.get("/me/", auth=Bearer(), response=MeOut, summary="我是谁：账号、权限、令牌的有效期")
def who_am_i(request: HttpRequest) -> dict[str, object]:
    """The person behind the token or session, and what the token may do."""
    user = request.user
    assert isinstance(user, User)
    token: ApiToken | None = getattr(request, "api_token", None)
    return {
        "username": user.username,
        "name": str(user),
        "role": user.role,
        "division": user.division_id or "",
        "organisation": user.organisation.name if user.organisation else "",
        "scopes": token.scopes if token else sorted(scopes()),
        "expires_at": token.expires_at if token else None,
    }


@router.get("/problems/", response=list[ProblemKindOut], auth=None, summary="问题的种类")
def list_problem_kinds(request: HttpRequest) -> list[ProblemKindOut]:
    """Every kind of problem the interface answers with."""
    return [ProblemKindOut.model_validate(kind) for kind in problem_kinds().values()]


@router.get("/problems/{code}", response=ProblemKindOut, auth=None, summary="一种问题的说明")
def get_problem_kind(request: HttpRequest, code: str) -> ProblemKindOut:
    """What a kind of problem means and what to do; ``type`` of every problem leads here."""
    kind = problem_kinds().get(code)
    if kind is None:
        raise Http404
    return ProblemKindOut.model_validate(kind)
