"""Every setting of the server, with its help. Set by environment variables `INTERVIEW_…` or a `.env` file.

The README's table is checked against this file by a test.
"""

from __future__ import annotations

import binascii
import json
import os
import re
import secrets
from base64 import b64decode, b64encode
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from question_flows.model import Language
from server.delivery.sealing import Sealer
from server.mail.address import Mailbox, SmtpAddress
from server.recordings.keys import KeyRing
from server.storage.hr_user import Role


def _json_list(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "[]")
    except json.JSONDecodeError:
        raise ValueError('must be a JSON list of texts, such as ["one", "two"]') from None


def _json_object(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value or "{}")
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ValueError('must be a JSON object, such as {"one": "two"}')
    return found


BEGINNINGS = {
    "database_url": ("sqlite+aiosqlite:///", "postgresql+asyncpg://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}
"""How a setting's URL begins; others with http:// or https://."""

JsonList = Annotated[list[str], NoDecode, BeforeValidator(_json_list)]
JsonMap = Annotated[dict[str, Role], NoDecode, BeforeValidator(_json_object)]


def available_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """The server's settings. Raises pydantic.ValidationError that names the variable when one is wrong."""

    model_config = SettingsConfigDict(
        env_prefix="INTERVIEW_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the HTTP server listens on; 0 takes a free one.")
    public_url: str = Field(
        "",
        description="Address under which browsers reach the server, used in links. Empty: http(s)://localhost:PORT.",
    )
    tls_certificate: Path | None = Field(None, description="PEM file with the certificate chain; turns HTTPS on.")
    tls_key: Path | None = Field(None, description="PEM file with the certificate's private key.")
    trusted_proxies: JsonList = Field(
        default_factory=list,
        description='JSON list of proxies (address or network) whose X-Forwarded headers count, e.g. ["10.0.0.0/8"].',
    )
    metrics_from: JsonList = Field(
        default_factory=lambda: ["127.0.0.0/8", "::1/128"],
        description="JSON list of addresses or networks that may read /metrics. Name a proxy on this machine in "
        "INTERVIEW_TRUSTED_PROXIES, or its visitors look local.",
    )
    data_dir: Path = Field(Path("var"), description="Folder for the database, recordings and downloaded models.")
    database_url: str = Field(
        "",
        description="SQLAlchemy URL (sqlite+aiosqlite or postgresql+asyncpg). Empty: SQLite in the data folder.",
    )
    workers: int = Field(
        1,
        ge=0,
        le=256,
        description="Server processes behind the one port; 0: one per core. More than one need INTERVIEW_REDIS_URL.",
    )
    drain_seconds: float = Field(
        20,
        ge=0,
        description="Seconds that SIGTERM lets running interviews go on while none is begun; a second one ends it. "
        "With the 10 s of an orderly stop it must fit into what your service manager allows.",
    )
    redis_url: str = Field(
        "",
        description="Redis for what crosses processes: live events, and who holds which interview. Empty: in memory.",
    )
    language: Language = Field(
        Language.ENGLISH, description="Language of pages when the browser names none: en or zh-CN."
    )
    company_name: str = Field(
        "", max_length=120, description="Who invites, as candidates read it, e.g. Example Ltd. Empty: “the company”."
    )
    privacy_contact: str = Field(
        "",
        max_length=300,
        description="Where candidates ask for a person, an adjustment, their data or its deletion: an e-mail address, "
        "an https:// address or a short text. Empty: they are told to reply to their invitation.",
    )
    hr_idle_minutes: float = Field(
        120,
        ge=1,
        le=720,
        description="Minutes after which a browser of HR's that shows no live page and asks for nothing is signed out; "
        "after 12 hours every one is.",
    )
    api_requests_per_minute: int = Field(
        600,
        ge=1,
        le=100_000,
        description="Requests that one API key may make in a minute, whichever process answers; more are told when to "
        "come again (HTTP 429).",
    )
    oidc_issuer: str = Field(
        "",
        description="OpenID Connect issuer, for HR's sign-in at the company's own provider. Empty: none.",
    )
    oidc_client_id: str = Field("", description="The client's id at that provider.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="The client's secret there. Empty: a public client, by PKCE alone."
    )
    oidc_display_name: str = Field(
        "", max_length=60, description="What the sign-in button calls the provider. Empty: “your company account”."
    )
    oidc_role_claim: str = Field(
        "",
        description="Claim that holds a person's groups or roles there, e.g. groups; it then decides the role at every "
        "sign-in. Empty: roles are given here.",
    )
    oidc_role_map: JsonMap = Field(
        default_factory=dict,
        description="JSON object from that claim's values to roles (admin, recruiter, reviewer, auditor), e.g. "
        '{"hr-leads": "admin"}; the strongest counts.',
    )
    oidc_default_role: Literal["", "admin", "recruiter", "reviewer", "auditor"] = Field(
        "", description="Role of people the map does not know. Empty: they are not let in."
    )
    jurisdiction: str = Field(
        "EU",
        description="Law that holds for new interviews: EU, UK, CN, US-IL, US-NY, US-CA, US-CO or another name.",
    )
    invitation_days: int = Field(14, ge=1, le=365, description="Days until an unused invitation expires.")
    check_minutes: float = Field(
        10,
        ge=0.1,
        le=1440,
        description="Minutes that a candidate who does nothing has for the check of what was heard; then it is scored.",
    )
    flows_dir: Path | None = Field(None, description="Folder with question flows of your own, beside the shipped ones.")
    whisper_model: str = Field(
        "small",
        description="Whisper model: a name that is fetched from the model hub on first use, or a folder.",
    )
    whisper_device: Literal["cpu", "cuda", "auto"] = Field("auto", description="Where recognition runs.")
    whisper_compute_type: str = Field(
        "default", description="CTranslate2 compute type; default: int8 on CPU, float16 on CUDA."
    )
    whisper_threads: int = Field(0, ge=0, description="Threads of recognition; 0: one less than the cores, at most 4.")
    whisper_windows_s: Annotated[list[int], NoDecode, BeforeValidator(_json_list)] = Field(
        default_factory=list,
        description="JSON list of lengths in seconds that sound is padded to, e.g. [8, 12, 16, 24, 30]; shorter ones "
        "cost less. Empty: those the model was trained on, else that list on a CPU and 30 on a GPU.",
    )
    most_queue_wait_ms: int = Field(
        1000,
        ge=1,
        description="Milliseconds that speech may wait for recognition on average; beyond it no interview is begun.",
    )
    most_loop_lag_ms: float = Field(
        100.0,
        ge=1,
        description="Milliseconds that the event loop's timers may be late (99th percentile of a second, median of the "
        "last five seconds); beyond it no spoken interview is begun.",
    )
    most_loop_load: float = Field(
        0.85,
        ge=0.1,
        le=1,
        description="Share of a core that the event loop's thread may use; beyond it no spoken interview is begun.",
    )
    most_interviews: int = Field(
        0, ge=0, description="Interviews under way at once in one process, typed ones included; 0: no fixed number."
    )
    most_offers_per_interview: int = Field(
        30, ge=1, description="Lines (WebRTC offers) that one interview may ask for in a minute."
    )
    most_offers_per_address: int = Field(
        240,
        ge=1,
        description="Lines that one address (of IPv6: one /64) may ask for in a minute; many candidates may share one.",
    )
    most_offers: int = Field(
        600, ge=1, description="Lines that all together may ask for in a minute, in each process of the server."
    )
    most_writes_per_interview: int = Field(
        600, ge=1, description="Changes (answers, drafts, pauses, lines …) that one interview may ask for in a minute."
    )
    most_checks_per_interview: int = Field(
        10, ge=1, description="Sentences of the device check that one interview may have understood in a minute."
    )
    most_unknown_links_per_address: int = Field(
        30, ge=1, description="Invitation links never given out that one address may try in a minute."
    )
    allow_synthetic_model: bool = Field(
        False, description="Silences the warning about the synthetic test model; demo and tests set it."
    )
    ice_hosts: JsonList = Field(
        default_factory=list,
        description="JSON list of addresses offered for WebRTC. Empty: all of this machine's but loopback.",
    )
    ice_servers: JsonList = Field(
        default_factory=list,
        description='JSON list of STUN/TURN URLs for server and browser, e.g. ["turn:turn.example.org?transport=udp"].',
    )
    ice_allow_private: bool = Field(
        False,
        description="Send packets to private and loopback addresses that a browser names. Off, an offer cannot make "
        "the server knock inside its own network; browsers there still get through.",
    )
    ice_most_candidates: int = Field(
        16, ge=0, le=100, description="How many of the addresses that a browser names are tried."
    )
    turn_secret: SecretStr = Field(
        SecretStr(""),
        description="Shared secret with the TURN server for short-lived credentials (coturn: static-auth-secret).",
    )
    recording_store: str = Field(
        "",
        description="Where finished recordings are kept: s3://BUCKET or s3://BUCKET/PREFIX. Empty: the data folder.",
    )
    recording_s3_endpoint: str = Field(
        "", description="Address of an S3-compatible store, e.g. https://minio.example.org. Empty: Amazon's."
    )
    recording_s3_region: str = Field("us-east-1", description="Region of the bucket.")
    recording_s3_access_key: str = Field(
        "", description="Access key id of the bucket. Empty: what this machine's role gives it."
    )
    recording_s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret that belongs to the access key.")
    recording_key: SecretStr = Field(
        SecretStr(""),
        description="Encrypts recordings (AES-256-GCM): 32 bytes in base64, from openssl rand -base64 32. To change "
        "it, a JSON list: the first encrypts, all decrypt. Empty: recordings are not encrypted.",
    )
    scorer_url: str = Field(
        "",
        description="Second scorer: base address of an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1. "
        "Answers are sent there when the candidate agrees; it also chooses and words follow-ups, among the flow's own "
        "and within 2 s. Empty: only the built-in scorer, and follow-ups as they stand in the flow.",
    )
    scorer_model: str = Field("", description="Name of the second scorer's model, as its endpoint knows it.")
    scorer_key: SecretStr = Field(SecretStr(""), description="Key of that endpoint, sent as a bearer token.")
    scorer_timeout_seconds: float = Field(
        60, ge=1, le=600, description="How long a report waits at most for a second opinion on an answer."
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server for letters to candidates: smtps://USER:PASSWORD@HOST, smtp+starttls://… or, for a "
        "relay nearby, smtp://HOST:PORT. Empty: none are sent, and links are passed on by hand.",
    )
    mail_from: str = Field(
        "",
        max_length=300,
        description="Who letters come from: an address, or “Name <address>”. Goes with INTERVIEW_SMTP_URL.",
    )
    ehr_url: str = Field("", description="Where reports are posted. Empty: the server's own built-in HR records.")
    ehr_secret: SecretStr = Field(
        SecretStr(""),
        description="Standard Webhooks secret (whsec_…). Empty: one is made and kept in the data folder.",
    )
    connect_inside: JsonList = Field(
        default_factory=list,
        description="JSON list of networks inside the company that connected systems may be in, also over http://, "
        'e.g. ["10.20.0.0/16"]. Others are reached by https:// at public addresses only.',
    )
    connection_key: SecretStr = Field(
        SecretStr(""),
        description="Encrypts the secrets of connected systems: 32 bytes in URL-safe base64, from openssl rand "
        "-base64 32 | tr '+/' '-_'. To change it, a JSON list: the first encrypts, all decrypt. Empty: one is made and "
        "kept in the data folder.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    @field_validator("trusted_proxies", "metrics_from", "connect_inside")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for item in value:
            ip_network(item)
        return value

    @field_validator("whisper_windows_s")
    @classmethod
    def _windows(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)) or any(not 1 <= seconds <= 30 for seconds in value):
            raise ValueError("must be lengths of 1 to 30 seconds, each once, the shortest first")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[::1]")):
            raise ValueError("must begin with https://")
        return value

    @field_validator("public_url", "ehr_url", "scorer_url", "database_url", "redis_url", "recording_s3_endpoint")
    @classmethod
    def _scheme(cls, value: str, info: ValidationInfo) -> str:
        begins = BEGINNINGS.get(info.field_name or "", ("http://", "https://"))
        if value and not value.startswith(begins):
            raise ValueError(f"must begin with {' or '.join(begins)}")
        return value

    @field_validator("recording_store")
    @classmethod
    def _bucket(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.~/-]*)?", value, re.ASCII):
            raise ValueError("must be s3://BUCKET or s3://BUCKET/PREFIX, or empty")
        return value

    @field_validator("recording_key")
    @classmethod
    def _recording_key(cls, value: SecretStr) -> SecretStr:
        KeyRing.parse(value.get_secret_value())
        return value

    @field_validator("connection_key")
    @classmethod
    def _connection_key(cls, value: SecretStr) -> SecretStr:
        Sealer.parse(value.get_secret_value())
        return value

    @field_validator("ehr_secret")
    @classmethod
    def _webhook_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        try:
            key = b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = b""
        if secret and not key:
            raise ValueError("must be whsec_ and then base64, as the HR system shows it")
        return value

    @field_validator("tls_certificate", "tls_key")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value.resolve()}")
        return value

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("INTERVIEW_TLS_CERTIFICATE and INTERVIEW_TLS_KEY go together: set both or neither")
        if bool(self.recording_s3_access_key) != bool(self.recording_s3_secret_key.get_secret_value()):
            raise ValueError("INTERVIEW_RECORDING_S3_ACCESS_KEY and INTERVIEW_RECORDING_S3_SECRET_KEY go together")
        if bool(self.scorer_url) != bool(self.scorer_model):
            raise ValueError("INTERVIEW_SCORER_URL and INTERVIEW_SCORER_MODEL go together: set both or neither")
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("INTERVIEW_OIDC_ISSUER and INTERVIEW_OIDC_CLIENT_ID go together: set both or neither")
        if self.oidc_role_map and not self.oidc_role_claim:
            raise ValueError("INTERVIEW_OIDC_ROLE_MAP needs INTERVIEW_OIDC_ROLE_CLAIM")
        return self

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            SmtpAddress.parse(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        if value:
            Mailbox.parse(value)
        return value

    @model_validator(mode="after")
    def _letters(self) -> Self:
        if bool(self.smtp_url.get_secret_value()) != bool(self.mail_from):
            raise ValueError("INTERVIEW_SMTP_URL and INTERVIEW_MAIL_FROM go together: set both or neither")
        if self.mail_from and not self.public_url:
            raise ValueError("INTERVIEW_SMTP_URL needs INTERVIEW_PUBLIC_URL, where the links in letters lead")
        return self

    @model_validator(mode="after")
    def _workers_meet(self) -> Self:
        if self.workers != 1 and not self.redis_url:
            raise ValueError("INTERVIEW_WORKERS other than 1 needs INTERVIEW_REDIS_URL, by which the processes meet")
        return self

    @property
    def mail_from_address(self) -> str:
        """The address that letters come from; empty when there are none."""
        return Mailbox.parse(self.mail_from).address if self.mail_from else ""

    @property
    def worker_count(self) -> int:
        """How many processes serve."""
        return self.workers or available_cores()

    @property
    def recognition_threads(self) -> int:
        """Threads of recognition in one process; 0: its own choice. Several workers share the cores."""
        share = max(1, available_cores() // self.worker_count) if self.worker_count > 1 else 0
        return self.whisper_threads or share

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL; SQLite in the data folder unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'interviews.sqlite'}"

    @property
    def recording_keys(self) -> KeyRing:
        """The keys that recordings are encrypted with; empty: they are not."""
        return KeyRing.parse(self.recording_key.get_secret_value())

    @property
    def recordings_dir(self) -> Path:
        """Where recordings are written, and kept unless there is a store."""
        return self.data_dir / "recordings"

    def sealer(self) -> Sealer:
        """Seals connections' secrets: with the setting's key, or one made once and kept in the data folder."""
        return Sealer.parse(self.connection_key.get_secret_value()) or Sealer.of_file(self.data_dir / "connection_key")

    def signing_secret(self) -> str:
        """The webhook secret (`whsec_…`): the setting's, or one made once and kept in the data folder (mode 0600)."""
        if self.ehr_secret.get_secret_value():
            return self.ehr_secret.get_secret_value()
        path = self.data_dir / "webhook_secret"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text("whsec_" + b64encode(secrets.token_bytes(32)).decode())
        return path.read_text().strip()
