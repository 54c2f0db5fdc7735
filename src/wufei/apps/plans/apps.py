from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "wufei.apps.plans"
    label = "plans"
