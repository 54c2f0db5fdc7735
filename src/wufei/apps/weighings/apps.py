from django.apps import AppConfig


class WeighingsConfig(AppConfig):
    name = "wufei.apps.weighings"
    label = "weighings"
