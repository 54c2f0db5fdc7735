"""The WSGI application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Read the package's tables before the first request, and keep them out of every later garbage collection."""
    from wufei.apps.documents.table_form import warm_documents
    from wufei.core import catalogue, indicators, ledger_elements, scoring
    from wufei.core.plan import pack_divisions

    catalogue.methods()
    catalogue.waste_codes()
    catalogue.categories()
    indicators.indicators()
    indicators.elements()
    ledger_elements.ledger_elements()
    for division in pack_divisions():
        scoring.read_rule_set(division)
    warm_documents()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # a page makes and drops many small values: collect more seldom


_warm()
