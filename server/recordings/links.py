"""Links that play one recording without signing in, until they expire. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class RecordingLink:
    """What a link says. made_by: the API key it was made with, which must still open something.

    expires: seconds since 1970.
    """

    interview_id: str
    made_by: str
    expires: int

    def signature(self, secret: str) -> str:
        """Hexadecimal. secret: the server's own, known to nobody else."""
        key = hmac.digest(secret.encode(), b"links to recordings", "sha256")
        said = f"{self.interview_id}\n{self.made_by}\n{self.expires}".encode()
        return hmac.new(key, said, sha256).hexdigest()

    def holds(self, signature: str, secret: str, now: datetime) -> bool:
        """Whether we made it and it still counts."""
        is_ours = hmac.compare_digest(signature.encode("utf-8", "replace"), self.signature(secret).encode())
        return is_ours and now.timestamp() < self.expires

    @property
    def expires_at(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self.expires, UTC)
