"""Shared by the tests of the apps."""

import pytest


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home of the tests' own: keys that they make never land in that of the developer."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings, home):
    settings.HOME = home


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Hash passwords cheaply: the strength of the hash is Django's matter, not ours."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
