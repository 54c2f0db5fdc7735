"""The addresses of packages."""

from django.urls import path

from wufei.apps.packages import views

app_name = "packages"

urlpatterns = [
    path("", views.rows, name="list"),
    path("assign/", views.assign, name="assign"),
    path("packages.xlsx", views.export, name="export"),
    path("labels.pdf", views.labels, name="labels"),
    path("<str:code>/", views.detail, name="detail"),
    path("<str:code>/trace/", views.trace, name="trace"),
    path("<str:code>/trace.json", views.trace_graph, name="trace-graph"),
    path("<str:code>/<str:event>/", views.act, name="act"),
]
