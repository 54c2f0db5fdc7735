"""The addresses of the registry."""

from django.urls import path

from wufei.apps.registry import views

app_name = "registry"

urlpatterns = [
    path("", views.index, name="index"),
    path("import/", views.import_page, name="import"),
    path("import/template.xlsx", views.import_template, name="import-template"),
    path("organisations/<int:pk>/", views.organisation, name="organisation"),
    path("sites/<int:pk>/", views.site, name="site"),
    path("<str:name>.xlsx", views.export, name="export"),
    path("<str:name>/", views.rows, name="list"),
]
