"""The addresses of the registry."""

from django.urls import path

from wufei.apps.registry import views

app_name = "registry"

urlpatterns = [
    path("", views.index, name="index"),
    path("import/", views.import_page, name="import"),
    path("import/template.xlsx", views.import_template, name="import-template"),
    path("import/<str:name>/", views.import_page, name="import-fleet"),
    path("import/<str:name>/template.xlsx", views.import_template, name="import-fleet-template"),
    path("vehicles/<int:pk>/", views.vehicle, name="vehicle"),
    path("persons/<int:pk>/", views.person, name="person"),
    path("<str:kind>/<int:pk>/full/", views.reveal, name="reveal"),
    path("organisations/<int:pk>/", views.organisation, name="organisation"),
    path("sites/<int:pk>/", views.site, name="site"),
    path("<str:name>.xlsx", views.export, name="export"),
    path("<str:name>/", views.rows, name="list"),
]
