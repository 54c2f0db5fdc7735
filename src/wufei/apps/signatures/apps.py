from django.apps import AppConfig


class SignaturesConfig(AppConfig):
    name = "wufei.apps.signatures"
    label = "signatures"
