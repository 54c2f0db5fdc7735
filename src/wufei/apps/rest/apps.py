from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "wufei.apps.rest"
    label = "rest"
