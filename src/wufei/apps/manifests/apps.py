from django.apps import AppConfig


class ManifestsConfig(AppConfig):
    name = "wufei.apps.manifests"
    label = "manifests"

    def ready(self) -> None:
        from wufei.apps.manifests import amending, book_lines, guards, subjects

        amending.register()
        book_lines.register()
        subjects.register()
        assert guards.GUARDS  # known from now on: ``append_only.every``
