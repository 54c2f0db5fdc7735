from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "wufei.apps.exchange"
    label = "exchange"
