"""The NinjaAPI of the house: its parser, its problems, and an OpenAPI document that names every answer.

``config/api.py`` makes one and joins the routers of the apps.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from wufei.apps.rest import problems
from wufei.apps.rest.docs import ReferencePage
from wufei.apps.rest.parsing import StrictParser
from wufei.apps.rest.reference import problem_kinds
from wufei.apps.rest.schemas import ProblemOut
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import is_writing
from wufei.core.findings import Refused
from wufei.core.intake import BadFile

READ_CODES = (400, 401, 403, 404, 422, 500, 503)
WRITE_CODES = (400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


class Renderer(JSONRenderer):
    """JSON with Chinese as it is written."""

    json_dumps_params = {"ensure_ascii": False}  # noqa: RUF012 - the base class declares it so


class Interface(NinjaAPI):
    """A NinjaAPI whose every refusal is a problem, documented for each operation."""

    def __init__(self, *, unexpected: Callable[[HttpRequest, Exception], problems.Problem], **given: Any) -> None:
        super().__init__(parser=StrictParser(), renderer=Renderer(), docs=ReferencePage(), **given)
        self.unexpected = unexpected
        for kind in (problems.Problem, Refused, Http404, HttpError):
            self.add_exception_handler(kind, self._told)
        self.add_exception_handler(BadFile, self._bad_file)
        self.add_exception_handler(ValidationError, self._invalid)
        self.add_exception_handler(Exception, self._unexpected)

    def _told(self, request: HttpRequest, error: Any) -> HttpResponse:
        problem = problems.of_exception(error)
        assert problem is not None
        return problems.answer(problem)

    def _bad_file(self, request: HttpRequest, error: Any) -> HttpResponse:
        return problems.answer(problems.of_refused(Refused(error.findings)))

    def _invalid(self, request: HttpRequest, error: Any) -> HttpResponse:
        return problems.answer(problems.of_validation(request, error))

    def _unexpected(self, request: HttpRequest, error: Any) -> HttpResponse:
        return problems.answer(self.unexpected(request, error))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Keep the value that was found, which Ninja drops, and leave out its name for the body."""
        errors: list[dict[str, Any]] = []
        for context in error_contexts:
            model: Any = context.model
            single = getattr(model, "__read_from_single_attr__", None)
            for entry in context.pydantic_validation_error.errors(include_url=False):
                place = model.__ninja_flatten_map_reverse__.get(entry["loc"], entry["loc"])
                if single and place[:1] == (single,):
                    place = place[1:]
                errors.append(dict(entry) | {"loc": (model.__ninja_param_source__, *place)})
        return ValidationError(errors)

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """The document that Ninja makes of the code, with every problem an operation may answer."""
        document = super().get_openapi_schema(**given)
        document["components"]["schemas"].update(_schemas_of_problems())
        for bound in self._get_bound_routers():
            for view in bound.path_operations.values():
                for operation in view.operations:
                    _describe(document, operation, self.get_openapi_operation_id(operation))
        return document


def _schemas_of_problems() -> dict[str, Any]:
    schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    definitions = schema.pop("$defs")
    schema["required"] = ["type", "title", "status", "detail", "code"]
    definitions["FaultOut"]["required"] = ["pointer", "code", "detail", "remedy"]
    return {"ProblemOut": schema, **definitions}


def _describe(document: OpenAPISchema, operation: Operation, operation_id: str) -> None:
    """Add problems and the scope to one operation of the document."""
    for methods in document["paths"].values():
        for method, told in methods.items():
            if told["operationId"] != (operation.operation_id or operation_id):
                continue
            codes = READ_CODES if method == "get" else WRITE_CODES
            for status in codes:
                told["responses"].setdefault(status, _problem_response(status))
            scopes = [auth.scope for auth in operation.auth_callbacks if isinstance(auth, Bearer) and auth.scope]
            if scopes:
                told["security"] = [{"Bearer": scopes}]
                told["x-scope"] = scopes[0]
            if is_writing(operation.view_func):
                told["x-idempotent"] = True


def _problem_response(status: int) -> dict[str, Any]:
    titles = [kind.title for kind in problem_kinds().values() if kind.status == status]
    return {
        "description": "；".join(titles),
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
