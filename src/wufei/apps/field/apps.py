from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "wufei.apps.field"
    verbose_name = "外业"

    def ready(self) -> None:
        from wufei.apps.field import guards

        assert guards.GUARDS  # known from now on: ``append_only.every``
