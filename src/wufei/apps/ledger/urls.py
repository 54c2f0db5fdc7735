"""The addresses of the ledger."""

from django.urls import path

from wufei.apps.ledger import views

app_name = "ledger"

urlpatterns = [
    path("", views.index, name="index"),
    path("accounts/", views.accounts, name="accounts"),
    path("holders/<str:key>/", views.holder, name="holder"),
    path("movements/", views.movements, name="movements"),
    path("movements.xlsx", views.export, name="export"),
    path("mass-balance/", views.mass_balance, name="mass-balance"),
    path("upload/", views.upload, name="upload"),
]
