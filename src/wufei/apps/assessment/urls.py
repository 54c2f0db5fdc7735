"""Addresses of the figures of a place."""

from django.urls import path

from wufei.apps.assessment import views

app_name = "assessment"
urlpatterns = [
    path("", views.index, name="index"),
    path("figure/<int:pk>/", views.figure, name="figure"),
    path("figure/<int:pk>/review/", views.review, name="review"),
    path("<str:division>/", views.figure_list, name="figures"),
    path("<str:division>/export.xlsx", views.export, name="export"),
    path("<str:division>/upload/", views.upload, name="upload"),
]
