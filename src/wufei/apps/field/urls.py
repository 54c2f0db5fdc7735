"""Addresses of the field. The service worker lies at ``/field/sw.js``: its place gives it the scope ``/field/``."""

from django.urls import path, re_path

from wufei.apps.field import office_views, views

app_name = "field"
urlpatterns = [
    path("", views.home, name="home"),
    path("sw.js", views.worker, name="worker"),
    path("app.webmanifest", views.web_manifest, name="web-manifest"),
    path("api/me/", views.me, name="me"),
    path("api/register/", views.register, name="register"),
    path("api/sync/", views.sync, name="sync"),
    path("api/day/", views.day, name="day"),
    re_path(r"^api/photos/(?P<digest>[0-9a-f]{64})/$", views.photo, name="photo"),
    path("office/", office_views.index, name="index"),
    path("office/handler-codes/", office_views.codes, name="codes"),
    path("office/<slug:name>/", office_views.rows, name="list"),
    path("office/<slug:name>.xlsx", office_views.export, name="export"),
    path("office/events/<int:pk>/", office_views.event, name="event"),
    path("office/blocks/<int:pk>/", office_views.block, name="block"),
    path("office/blocks/<int:pk>/proof.json", office_views.block_proof, name="block-proof"),
    path("office/devices/<int:pk>/", office_views.device, name="device"),
    re_path(r"^office/events/(?P<pk>[0-9]{1,18})/(?P<digest>[0-9a-f]{64})$", office_views.picture, name="picture"),
]
