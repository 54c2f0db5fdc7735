from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "wufei.apps.field"
    verbose_name = "外业"
