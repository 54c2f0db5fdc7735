"""Addresses of one's own access to the interface."""

from django.urls import path

from wufei.apps.rest import views

app_name = "access"
urlpatterns = [
    path("", views.tokens, name="tokens"),
    path("<int:pk>/revoke/", views.revoke, name="revoke-token"),
]
