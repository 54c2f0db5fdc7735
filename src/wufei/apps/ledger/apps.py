from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "wufei.apps.ledger"
    label = "ledger"
