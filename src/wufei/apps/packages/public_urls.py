"""The address on every label, with or without a stroke at its end."""

from django.urls import re_path

from wufei.apps.packages import public

urlpatterns = [re_path(r"^(?P<code>[^/]{1,200})/?$", public.package, name="package-public")]
