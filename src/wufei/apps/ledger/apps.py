from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "wufei.apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        from wufei.apps.ledger import guards

        assert guards.GUARDS  # known from now on: ``append_only.every``
