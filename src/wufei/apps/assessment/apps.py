from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "wufei.apps.assessment"
    label = "assessment"
