from django.apps import AppConfig


class SignaturesConfig(AppConfig):
    name = "wufei.apps.signatures"
    label = "signatures"

    def ready(self) -> None:
        from wufei.apps.signatures import guards

        assert guards.GUARDS  # known from now on: ``append_only.every``
