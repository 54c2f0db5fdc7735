"""The addresses of the whole site: one line an app."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("registry/", include("wufei.apps.registry.urls")),
    path("ledger/", include("wufei.apps.ledger.urls")),
    path("plans/", include("wufei.apps.plans.urls")),
    path("assessment/", include("wufei.apps.assessment.urls")),
    path("", include("wufei.apps.cockpit.urls")),
]

handler500 = "wufei.config.faults.server_error"
