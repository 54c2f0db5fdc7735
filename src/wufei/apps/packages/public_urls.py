"""The address on every label, with or without a stroke at its end."""

from django.urls import path, re_path

from wufei.apps.packages import public

urlpatterns = [
    path("", public.look_up, name="package-look-up"),
    re_path(r"^(?P<code>[^/]{1,200})/?$", public.package, name="package-public"),
]
