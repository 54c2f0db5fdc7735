from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "wufei.apps.registry"
    label = "registry"
