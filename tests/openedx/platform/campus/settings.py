# mypy: ignore-errors
"""Settings of the test platform; `serve.py` gives its address and its folder by environment."""

import os
from pathlib import Path

CAMPUS_FOLDER = Path(os.environ["CAMPUS_FOLDER"])
LMS_ROOT_URL = os.environ["CAMPUS_URL"]
PLATFORM_NAME = "Open edX consumer under test"
USAGE_ID_PATTERN = r"(?P<usage_id>[^/]+)"

SECRET_KEY = "only for tests on loopback"
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "campus.urls"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "lti_consumer",
    "campus",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "edx_django_utils.cache.middleware.RequestCacheMiddleware",
]

# An LMS answers each request inside one transaction, so that a grade which cannot be published
# leaves no score behind. Taking SQLite's write lock at once queues requests instead of failing them.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": CAMPUS_FOLDER / "campus.sqlite3",
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# Saving deep links needs the LMS session inside a foreign frame, hence None and Secure.
SESSION_COOKIE_NAME = "campus_session"
CSRF_COOKIE_NAME = "campus_csrf"
SESSION_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
