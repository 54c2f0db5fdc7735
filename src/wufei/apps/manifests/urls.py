"""The addresses of the manifests."""

from django.urls import path

from wufei.apps.manifests import contract_views, import_views, template_views, trip_views, views

app_name = "manifests"

urlpatterns = [
    path("", views.index, name="index"),
    path("export.xlsx", views.export, name="export"),
    path("new/", views.choose, name="choose"),
    path("new/<str:profile>/", views.new, name="new"),
    path("import/", import_views.index, name="import"),
    path("import/<str:profile>.xlsx", import_views.template, name="import-template"),
    path("contracts/<int:pk>/", contract_views.detail, name="contract"),
    path("trips/", trip_views.index, name="trips"),
    path("trips/export.xlsx", trip_views.export, name="trips-export"),
    path("trips/new/", trip_views.new, name="trip-new"),
    path("trips/<str:number>/", trip_views.detail, name="trip"),
    path("trips/<str:number>/sheet.pdf", trip_views.sheet, name="trip-sheet"),
    path("trips/<str:number>/stops/<int:position>/", trip_views.visit, name="trip-visit"),
    path("trips/<str:number>/confirm/", trip_views.confirm, name="trip-confirm"),
    path("trips/<str:number>/<str:event>/", trip_views.act, name="trip-act"),
    path("templates/", template_views.index, name="templates"),
    path("templates/<int:pk>/delete/", template_views.delete, name="template-delete"),
    path("templates/save/<str:kind>/<str:number>/", template_views.save, name="template-save"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/paper.pdf", views.paper, name="paper"),
    path("<str:number>/checks/", views.checks, name="checks"),
    path("<str:number>/versions/<int:sequence>/", views.version, name="version"),
    path("<str:number>/files/<str:digest>/", views.file, name="file"),
    path("<str:number>/edit/", views.edit, name="edit"),
    path("<str:number>/<str:event>/", views.act, name="act"),
]
