"""The address at which a party without account signs: short, because it stands in a QR code."""

from django.urls import path

from wufei.apps.signatures import views

app_name = "signing"
urlpatterns = [path("<str:token>/", views.sign_by_code, name="by-code")]
