"""Addresses of the signatures."""

from django.urls import path

from wufei.apps.signatures import views

app_name = "signatures"
urlpatterns = [
    path("", views.keys, name="keys"),
    path("identity.json", views.identity, name="identity"),
    path("keys/register/", views.register_key, name="register-key"),
    path("keys/<int:pk>/", views.change_key, name="change-key"),
    path("delegations/", views.delegations, name="delegations"),
    path("delegations/give/", views.give_delegation, name="give-delegation"),
    path("delegations/<int:pk>/revoke/", views.revoke_delegation, name="revoke-delegation"),
    path("delegations/<int:pk>/evidence/", views.delegation_evidence, name="delegation-evidence"),
    path("codes/issue/", views.issue_code, name="issue-code"),
    path("<int:pk>/evidence/", views.reveal, name="reveal"),
]
