from django.apps import AppConfig


class CockpitConfig(AppConfig):
    name = "wufei.apps.cockpit"
    label = "cockpit"
