"""The public addresses of the ledger, below ``/transparency/``."""

from django.urls import path

from wufei.apps.ledger import public_views

app_name = "transparency"

urlpatterns = [
    path("", public_views.index, name="index"),
    path("checkpoints.jsonl", public_views.lines, name="lines"),
    path("check/", public_views.check, name="check"),
]
