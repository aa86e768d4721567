"""A real OpenID provider (django-oauth-toolkit) on loopback: `python -m tests.hr.openid_provider PORT DATABASE`.

People sign in there with a password, their groups are in the claim `groups`. Tests change them in its database.
"""

from __future__ import annotations

import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

CLIENT_ID, CLIENT_SECRET = "interviews", "a secret that both sides know"
PASSWORD = "of the company account"
PEOPLE = {"rita": ["hr-team"], "adam": ["hr-leads", "hr-team"], "nora": [], "mute": ["hr-team"]}
"""Name → groups; everybody but mute has a confirmed address NAME@company.example."""


SIGN_IN = '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign in</button></form>'


class Threaded(ThreadingMixIn, WSGIServer):
    """Answers several at once."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


def configure(port: int, database: str) -> None:
    """Django's settings: sign-in page, provider, one client."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    settings.configure(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="tests.hr.openid_provider_urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "OPTIONS": {"timeout": 10}}},
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"registration/login.html": SIGN_IN}),
                    ],
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/login",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "OIDC_RSA_PRIVATE_KEY": pem,
            "OAUTH2_VALIDATOR_CLASS": "tests.hr.openid_provider_urls.Claims",
            "SCOPES": {"openid": "who", "email": "address", "profile": "name"},
            "PKCE_REQUIRED": True,
        },
    )  # fmt: skip
    django.setup()


def fill() -> None:
    """Makes the tables, the people and the client."""
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    for name, groups in PEOPLE.items():
        email = "" if name == "mute" else f"{name}@company.example"
        user = User.objects.create_user(name, email, PASSWORD, first_name=name.title(), last_name="Example")
        for group in groups:
            user.groups.add(Group.objects.get_or_create(name=group)[0])
    Application.objects.create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/hr/oidc/callback",
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )


def main() -> None:
    """Serves until it is ended; prints a line once it answers."""
    port, database = int(sys.argv[1]), sys.argv[2]
    configure(port, database)
    fill()
    from django.core.wsgi import get_wsgi_application

    with make_server("127.0.0.1", port, get_wsgi_application(), Threaded, Quiet) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
