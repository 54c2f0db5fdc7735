from django.apps import AppConfig


class PackagesConfig(AppConfig):
    name = "wufei.apps.packages"
    label = "packages"
