"""The test provider's addresses, and the claims it makes about its people."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator

urlpatterns = [
    path("login", LoginView.as_view()),
    path("o/", include("oauth2_provider.urls")),
]


class Claims(OAuth2Validator):  # type: ignore[misc]
    """Address, name and groups."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """What the ID token holds beside the subject."""
        user = request.user
        found = {"name": user.get_full_name(), "groups": [group.name for group in user.groups.all()]}
        return {**found, "email": user.email, "email_verified": True} if user.email else found
