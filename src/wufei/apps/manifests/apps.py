from django.apps import AppConfig


class ManifestsConfig(AppConfig):
    name = "wufei.apps.manifests"
    label = "manifests"
