from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "wufei.apps.facts"
    label = "facts"
