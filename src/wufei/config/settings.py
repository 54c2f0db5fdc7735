"""All settings, grouped by heading. Every environment variable is read here, once; docs/settings.md lists them."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# --- Places -------------------------------------------------------------------------------------------------------

PACKAGE_DIR = Path(__file__).resolve().parent.parent
PROJECT_DIR = PACKAGE_DIR.parent.parent
# In a checkout the data stay beside the code; an installed package keeps them with the user's own.
_IS_CHECKOUT = (PROJECT_DIR / "pyproject.toml").exists()
HOME = Path(os.environ.get("WUFEI_HOME", PROJECT_DIR / "var" if _IS_CHECKOUT else Path.home() / ".local/share/wufei"))
VENDOR_DIR = Path(os.environ.get("WUFEI_VENDOR", PROJECT_DIR / "frontend" / "node_modules"))

# --- Mode and secrets ---------------------------------------------------------------------------------------------

DEMO = os.environ.get("WUFEI_DEMO") == "1"
DEBUG = os.environ.get("WUFEI_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("WUFEI_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("WUFEI_ORIGINS", "").split(",") if o]


def _proxies(text: str) -> int:
    """How many proxies stand before the server, each adding whom it answers to ``X-Forwarded-For``."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 9):
        raise ImproperlyConfigured(f"WUFEI_PROXIES 是“{text[:20]}”，应是服务器前面代理的层数，0 至 9。请改正或不设。")
    return int(text)


PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = _proxies(os.environ.get("WUFEI_PROXIES", "0"))
if PROXIES:  # of whom nobody stands before us nothing is believed
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def _secret_key() -> str:
    """The key given by the environment, or one made once and kept in ``HOME``."""
    given = os.environ.get("WUFEI_SECRET_KEY")
    if given:
        return given
    path = HOME / "secret-key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(os.urandom(40).hex())
    return path.read_text()


SECRET_KEY = _secret_key()

# --- Database -----------------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, object]:
    """Read ``postgresql://user:password@host:port/name?option=value`` or ``sqlite:///path``; empty means SQLite."""
    use = "请写 postgresql://用户:密码@主机:端口/库名，或 sqlite:///路径；不设则用 WUFEI_HOME 中的 SQLite。"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"DATABASE_URL 读不懂（端口应是数字）。{use}") from None
    if not url or parts.scheme == "sqlite":
        HOME.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "wufei.config.sqlite",
            "NAME": unquote(parts.path[1:]) or str(HOME / "wufei.sqlite3"),
            "TEST": {"NAME": ":memory:"},  # by name: the test runner knows only Django's own engine
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        if not parts.path.strip("/"):
            raise ImproperlyConfigured(f"DATABASE_URL 没有写库名。{use}")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 60,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    raise ImproperlyConfigured(f"DATABASE_URL 的开头“{parts.scheme or url[:20]}”不认识。{use}")


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "wufei.apps.facts",
    "wufei.apps.registry",
    "wufei.apps.rest",
    "wufei.apps.ledger",
    "wufei.apps.weighings",
    "wufei.apps.manifests",
    "wufei.apps.field",
    "wufei.apps.signatures",
    "wufei.apps.amendments",
    "wufei.apps.declarations",
    "wufei.apps.packages",
    "wufei.apps.plans",
    "wufei.apps.assessment",
    "wufei.apps.exchange",
    "wufei.apps.cockpit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "wufei.config.middleware.ContentSecurityPolicy",
    "wufei.config.middleware.ProblemsOfInterface",
    "wufei.config.middleware.NoNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "wufei.config.middleware.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "wufei.config.urls"
WSGI_APPLICATION = "wufei.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "apps" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wufei.apps.cockpit.menu.menu",
            ],
        },
    },
]

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = ["wufei.apps.registry.accounts.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "wufei.apps.registry.accounts.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "wufei.apps.registry.accounts.ClosedSignup"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # accounts have no addresses: no mail is sent

# --- Web ----------------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("WUFEI_HTTPS") == "1"
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# Hosts and networks that webhooks may be sent to: names, ".example.cn" for all below, networks such as 10.20.0.0/16.
WEBHOOK_HOSTS = [entry.strip() for entry in os.environ.get("WUFEI_WEBHOOK_HOSTS", "").split(",") if entry.strip()]

STATIC_URL = "static/"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [PACKAGE_DIR / "apps" / "static"]
# The browser libraries, set up by `make setup`: name -> folder below VENDOR_DIR.
VENDOR = {
    "tabler": "@tabler/core/dist",
    "echarts": "echarts/dist",
    "htmx": "htmx.org/dist",
    "leaflet": "leaflet/dist",
    "zxing": "zxing-wasm/dist",
}
STATICFILES_DIRS += [
    (f"vendor/{name}", VENDOR_DIR / path) for name, path in VENDOR.items() if (VENDOR_DIR / path).is_dir()
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- Language and time --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

# --- Logging ------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("WUFEI_LOG", "WARNING")},
}
