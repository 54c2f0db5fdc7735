from django.apps import AppConfig


class FactsConfig(AppConfig):
    name = "wufei.apps.facts"
    label = "facts"

    def ready(self) -> None:
        from wufei.apps.facts import guards

        assert guards.GUARDS  # known from now on: ``append_only.every``
