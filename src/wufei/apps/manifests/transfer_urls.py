"""The addresses of transfers across the province, below those of the registry."""

from django.urls import path

from wufei.apps.manifests import transfer_views as views

app_name = "transfers"

urlpatterns = [
    path("", views.index, name="index"),
    path("export.xlsx", views.export, name="export"),
    path("new/", views.new, name="new"),
    path("rates/", views.rates, name="rates"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/step/", views.step, name="step"),
    path("<int:pk>/decide/", views.decide, name="decide"),
]
