"""Shared by the tests of the apps."""

import pytest


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Hash passwords cheaply: the strength of the hash is Django's matter, not ours."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
