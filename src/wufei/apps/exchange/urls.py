"""Addresses of one's own webhooks."""

from django.urls import path

from wufei.apps.exchange import views

app_name = "webhooks"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:pk>/", views.change, name="change"),
]
