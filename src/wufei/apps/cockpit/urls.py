"""The addresses of the pages that join everything."""

from django.urls import path

from wufei.apps.cockpit import views

app_name = "cockpit"

urlpatterns = [
    path("", views.home, name="home"),
    path("own/", views.own, name="own"),
    path("places/<str:division>/", views.place, name="place"),
    path("places/<str:division>/flows.json", views.flows, name="flows"),
    path("places/<str:division>/map.json", views.town_map, name="map"),
    path("places/<str:division>/items/<str:item>/", views.item, name="item"),
    path("places/<str:division>/elements/<str:element>/", views.element, name="element"),
    path("places/<str:division>/mass/<str:stage>/", views.mass, name="mass"),
]
