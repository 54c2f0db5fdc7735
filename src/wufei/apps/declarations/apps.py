from django.apps import AppConfig


class DeclarationsConfig(AppConfig):
    name = "wufei.apps.declarations"
    label = "declarations"
