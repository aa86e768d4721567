"""The company's own OpenID provider: discovery, the code flow with PKCE, and the check of who it says somebody is.

OpenID Connect Core 1.0 (3.1), Discovery 1.0, RFC 7636, RFC 9207. Only here: authlib, joserfc and requests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.security import is_secure_transport
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from server.errors import UserError

TIMEOUT_S = 10.0
KEPT_S = 3600.0
"""How long the provider's own description counts before it is read again."""
LEEWAY_S = 60
"""How far the provider's clock may be off."""
SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that only the provider has: never `none`, nor a secret that both sides know."""
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
RETRY_AFTER_S = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. email may be empty. claims: all of them, for the one that gives the role."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    claims: Mapping[str, Any]


class Provider:
    """One provider and what it knows us by. What speaks to it runs in a thread; nothing of a person is kept."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, needs: tuple[str, ...] = ()) -> None:
        """needs: claims beyond the address that the userinfo endpoint is asked for when the ID token lacks them."""
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._needs = ("email", *needs)
        self._metadata: Mapping[str, Any] | None = None
        self._read_at = 0.0
        self._keys: KeySet | None = None

    async def address(self, redirect_uri: str, *, state: str, nonce: str, code_verifier: str) -> str:
        """Where the browser goes to sign in. Raises UserError oidc_away (503)."""
        return await asyncio.to_thread(self._address, redirect_uri, state, nonce, code_verifier)

    async def identity(
        self, redirect_uri: str, *, code: str, iss: str | None, nonce: str, code_verifier: str
    ) -> Identity:
        """Who came back with this code. iss: of the answer's address, where it had one.

        Raises UserError oidc_away (503), oidc_refused (403), oidc_invalid (400).
        """
        return await asyncio.to_thread(self._identity, redirect_uri, code, iss, nonce, code_verifier)

    def _address(self, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        try:
            metadata = self._discovered()
        except (requests.RequestException, ValueError) as error:
            raise _away() from error
        with self._session(metadata, redirect_uri) as session:
            url, _ = session.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=code_verifier, nonce=nonce
            )
        return str(url)

    def _identity(self, redirect_uri: str, code: str, iss: str | None, nonce: str, code_verifier: str) -> Identity:
        try:
            metadata = self._discovered()
            if iss is None and metadata.get("authorization_response_iss_parameter_supported"):
                raise _invalid()
            if iss is not None and iss != metadata["issuer"]:
                raise _invalid()
            with self._session(metadata, redirect_uri) as session:
                token = session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=code_verifier,
                )
                claims = self._checked(metadata, token, nonce)
                if any(name not in claims for name in self._needs) and "userinfo_endpoint" in metadata:
                    claims = self._completed(session, metadata, claims)
        except OAuthError as error:
            raise UserError("oidc_refused", status=403) from error
        except requests.RequestException as error:
            raise _away() from error
        except (JoseError, ValueError) as error:
            raise _invalid() from error
        return Identity(
            metadata["issuer"],
            str(claims["sub"]),
            str(claims.get("email") or ""),
            claims.get("email_verified") is True,
            str(claims.get("name") or ""),
            claims,
        )

    def _checked(self, metadata: Mapping[str, Any], token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token. Raises JoseError or ValueError when anything about it is wrong."""
        text = token.get("id_token")
        if not isinstance(text, str):
            raise ValueError("no ID token")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(algorithms=[one for one in ALGORITHMS if one in offered], strict_check_header=False)
        try:
            found = jwt.decode(text, self._known_keys(metadata), registry=registry)
        except InvalidKeyIdError:
            # The provider may have new keys since.
            found = jwt.decode(text, self._known_keys(metadata, anew=True), registry=registry)
        expected = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
        }
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(found.claims, found.header, expected, params)
        claims.validate(leeway=LEEWAY_S)
        return dict(claims)

    def _completed(self, session: OAuth2Session, metadata: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """With what the userinfo endpoint adds; what the signed token says stays."""
        response = session.get(metadata["userinfo_endpoint"])
        response.raise_for_status()
        found = response.json()
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise ValueError("userinfo of somebody else")
        return {**found, **claims}

    def _known_keys(self, metadata: Mapping[str, Any], *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            response = requests.get(metadata["jwks_uri"], timeout=TIMEOUT_S)
            response.raise_for_status()
            self._keys = KeySet.import_key_set(response.json())
        return self._keys

    def _discovered(self) -> Mapping[str, Any]:
        """The provider's description of itself, at most an hour old. Raises RequestException or ValueError."""
        now = time.monotonic()
        if self._metadata is None or now > self._read_at + KEPT_S:
            response = requests.get(f"{self._issuer}/.well-known/openid-configuration", timeout=TIMEOUT_S)
            response.raise_for_status()
            found = response.json()
            if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in NEEDED):
                raise ValueError("no description of a provider")
            if found["issuer"].rstrip("/") != self._issuer:
                raise ValueError("the description of another provider")
            if not all(is_secure_transport(found[name]) for name in NEEDED[1:]):
                raise ValueError("an endpoint without encryption")
            self._metadata, self._read_at = found, now
        return self._metadata

    def _session(self, metadata: Mapping[str, Any], redirect_uri: str) -> OAuth2Session:
        offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "none"
        if self._client_secret:
            method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        return OAuth2Session(
            self._client_id,
            self._client_secret or None,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
            default_timeout=TIMEOUT_S,
        )


def _away() -> UserError:
    return UserError("oidc_away", status=503, retry_after_s=RETRY_AFTER_S)


def _invalid() -> UserError:
    return UserError("oidc_invalid", status=400)
