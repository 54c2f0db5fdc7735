from django.apps import AppConfig


class AmendmentsConfig(AppConfig):
    name = "wufei.apps.amendments"
    label = "amendments"

    def ready(self) -> None:
        from wufei.apps.amendments.signed import register

        register()
