"""Addresses of the four lists."""

from django.urls import path

from wufei.apps.plans import views

app_name = "plans"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:division>/<slug:name>.xlsx", views.export, name="export"),
    path("<str:division>/<slug:name>/", views.list_rows, name="list"),
    path("<str:division>/<slug:name>/<str:key>/", views.row, name="row"),
]
