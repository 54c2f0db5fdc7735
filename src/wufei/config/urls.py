"""The addresses of the whole site: one line an app."""

from django.urls import include, path
from django.views.generic import TemplateView

from wufei.config.api import api

no_mail = TemplateView.as_view(template_name="account/no_mail.html")

urlpatterns = [
    path(
        "accounts/password/reset/", no_mail, name="account_reset_password"
    ),  # in place of allauth's, which send mail
    path("accounts/email/", no_mail, name="account_email"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("access/tokens/", include("wufei.apps.rest.urls")),
    path("access/webhooks/", include("wufei.apps.exchange.urls")),
    path("registry/transfers/", include("wufei.apps.manifests.transfer_urls")),
    path("registry/", include("wufei.apps.registry.urls")),
    path("ledger/", include("wufei.apps.ledger.urls")),
    path("transparency/", include("wufei.apps.ledger.public_urls")),
    path("weighings/", include("wufei.apps.weighings.urls")),
    path("sign/", include("wufei.apps.signatures.public_urls")),
    path("amendments/", include("wufei.apps.amendments.urls")),
    path("packages/", include("wufei.apps.packages.urls")),
    path("q/", include("wufei.apps.packages.public_urls")),
    path("signatures/", include("wufei.apps.signatures.urls")),
    path("declarations/", include("wufei.apps.declarations.urls")),
    path("manifests/", include("wufei.apps.manifests.urls")),
    path("field/", include("wufei.apps.field.urls")),
    path("plans/", include("wufei.apps.plans.urls")),
    path("assessment/", include("wufei.apps.assessment.urls")),
    path("", include("wufei.apps.cockpit.urls")),
]

handler500 = "wufei.config.faults.server_error"
