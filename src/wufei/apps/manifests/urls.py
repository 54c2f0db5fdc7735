"""The addresses of the manifests."""

from django.urls import path

from wufei.apps.manifests import views

app_name = "manifests"

urlpatterns = [
    path("", views.index, name="index"),
    path("export.xlsx", views.export, name="export"),
    path("new/", views.choose, name="choose"),
    path("new/<str:profile>/", views.new, name="new"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/paper.pdf", views.paper, name="paper"),
    path("<str:number>/edit/", views.edit, name="edit"),
    path("<str:number>/<str:event>/", views.act, name="act"),
]
