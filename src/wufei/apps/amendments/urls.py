"""Addresses of the amendments."""

from django.urls import path

from wufei.apps.amendments import views

app_name = "amendments"
urlpatterns = [
    path("", views.index, name="index"),
    path("export.xlsx", views.export, name="export"),
    path("new/", views.ask, name="ask"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/evidence/", views.evidence, name="evidence"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/export.xlsx", views.corrections_export, name="corrections-export"),
    path("corrections/new/", views.ask_correction, name="ask-correction"),
    path("corrections/<int:pk>/", views.correction, name="correction"),
]
