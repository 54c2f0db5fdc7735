"""The interface ``/api/v1/``: one line an app. An app that is not there yet is left out."""

import logging
from importlib import import_module
from importlib.util import find_spec

from django.http import HttpRequest
from ninja import Router

from wufei.apps.rest.interface import Interface
from wufei.apps.rest.problems import Problem
from wufei.config.faults import explain

log = logging.getLogger(__name__)

# address below /api/v1 -> module, or module:name where the router is not called ``router``
ROUTERS = [
    ("", "wufei.apps.rest.api"),
    ("/packages/", "wufei.apps.packages.api"),
    ("/scans/", "wufei.apps.packages.api:scans"),
    ("/weighings/", "wufei.apps.weighings.api"),
    ("/declarations/", "wufei.apps.declarations.api"),
    ("/declarations/contracts/", "wufei.apps.declarations.agreement_api:contracts"),
    ("/declarations/handling-plans/", "wufei.apps.declarations.agreement_api:handling_plans"),
    ("/signatures/", "wufei.apps.signatures.api"),
    ("/amendments/", "wufei.apps.amendments.api"),
    ("/corrections/", "wufei.apps.amendments.api:corrections"),
    ("/manifests/", "wufei.apps.manifests.api"),
    ("/manifest-templates/", "wufei.apps.manifests.template_api"),
    ("/trips/", "wufei.apps.manifests.trip_api"),
    ("/transfers/", "wufei.apps.manifests.transfer_api"),
    ("/webhooks/", "wufei.apps.exchange.api"),
]


def _unexpected(request: HttpRequest, error: Exception) -> Problem:
    """503 where the cause lies outside the program (database, disk), else 500, which is ours and goes to the log."""
    told = explain(error)
    if told is not None:
        log.error("503 %s %s: %s", request.method, request.path, error)
        return Problem("unavailable", told)
    log.error("500 %s %s", request.method, request.path, exc_info=error)
    return Problem("server_error")


def _load(place: str) -> Router | None:
    module, _, name = place.partition(":")
    package = module.rpartition(".")[0]
    if find_spec(package) is None or find_spec(module) is None:
        return None
    router: Router | None = getattr(import_module(module), name or "router", None)
    return router


def build() -> Interface:
    """The interface with the routers of all apps that are there."""
    made = Interface(
        title="无废城市平台接口",
        version="1",
        description="全域“无废城市”一体化平台的接口。约定见 docs/api.md。",
        urls_namespace="api",
        unexpected=_unexpected,
    )
    for address, place in ROUTERS:
        router = _load(place)
        if router is not None:
            made.add_router(address, router)
    return made


api = build()
