"""What a browser says of its network after its offer: more addresses (trickle), or another network (ICE restart).

Both come as SDP fragments (RFC 8840) over WHIP (RFC 9725). aiortc has no ICE restart (aiortc#1367).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from media.aiortc_fixes import check_new_candidates, renew_local_ice, renew_remote_ice
from media.ice import IceSettings, is_acceptable
from media.offer import BadOffer

MAX_FRAGMENT_BYTES = 16 * 1024
MAX_RESTARTS = 30
"""Of one peer: each lets the browser name addresses again, to which packets are sent."""

_USERNAME = re.compile(r"[a-zA-Z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[a-zA-Z0-9+/]{22,256}")


@dataclass(frozen=True, slots=True)
class Fragment:
    """An SDP fragment: whose addresses (username, password), and which; candidates without `a=`."""

    username: str
    password: str
    candidates: tuple[str, ...]


def parse_fragment(text: str) -> Fragment:
    """Read a fragment of at most 16 KB. Raises BadOffer: too_large, malformed."""
    if len(text) > MAX_FRAGMENT_BYTES or len(text.encode()) > MAX_FRAGMENT_BYTES:
        raise BadOffer("too_large")
    found: dict[str, set[str]] = {"ice-ufrag": set(), "ice-pwd": set()}
    candidates: list[str] = []
    for line in text.splitlines():
        name, colon, value = line.removeprefix("a=").partition(":")
        if not colon or not line.startswith("a="):
            continue
        if name in found:
            found[name].add(value.strip())
        elif name == "candidate":
            candidates.append(line.removeprefix("a="))
    # The sections are bundled: they may repeat the credentials, and must agree.
    if any(len(values) != 1 for values in found.values()):
        raise BadOffer("malformed")
    (username,), (password,) = found["ice-ufrag"], found["ice-pwd"]
    if not _USERNAME.fullmatch(username) or not _PASSWORD.fullmatch(password):
        raise BadOffer("malformed")
    return Fragment(username, password, tuple(candidates))


def write_fragment(username: str, password: str, mid: str, candidates: Sequence[str]) -> str:
    """The fragment that names all addresses of one side. candidates: without `candidate:`."""
    lines = [
        f"a=ice-ufrag:{username}",
        f"a=ice-pwd:{password}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        *(f"a=candidate:{candidate}" for candidate in candidates),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


class RemoteAddresses:
    """The addresses one browser has named, and may still name: so many for each ICE generation."""

    def __init__(self, connection: RTCPeerConnection, settings: IceSettings, offer_sdp: str) -> None:
        """offer_sdp: as it was accepted; it has the first credentials, and its candidates count."""
        self._connection = connection
        self._settings = settings
        self._named = offer_sdp.count("a=candidate:")
        self._restarts = 0
        [self._username, *_] = re.findall(r"^a=ice-ufrag:(\S+)", offer_sdp, re.MULTILINE)

    async def add(self, text: str) -> None:
        """Trickle: take further candidates; what is not to be believed or is too much is left out.

        A fragment with another username belongs to another generation and changes nothing. Raises BadOffer.
        """
        fragment = parse_fragment(text)
        if fragment.username == self._username:
            await self._take(fragment.candidates)

    async def restart(self, text: str) -> str:
        """ICE restart: the browser's new credentials and candidates in, the server's new ones out.

        Sound and pictures go on over the former way until the new one is there. Raises BadOffer: malformed when the
        username is not a new one, too_many after 30 restarts.
        """
        fragment = parse_fragment(text)
        if fragment.username == self._username:
            raise BadOffer("malformed")
        if self._restarts >= MAX_RESTARTS:
            raise BadOffer("too_many")
        self._restarts += 1
        self._named, self._username = 0, fragment.username
        username, password = renew_local_ice(self._receiver)
        renew_remote_ice(self._receiver, fragment.username, fragment.password)
        await self._take(fragment.candidates)
        candidates = self._receiver.transport.transport.iceGatherer.getLocalCandidates()
        return write_fragment(username, password, self._mid, [candidate_to_sdp(one) for one in candidates])

    @property
    def _receiver(self) -> RTCRtpReceiver:
        """Any: all sections share one transport."""
        return self._connection.getTransceivers()[0].receiver

    @property
    def _mid(self) -> str:
        return self._connection.getTransceivers()[0].mid or "0"

    async def _take(self, candidates: tuple[str, ...]) -> None:
        for line in candidates:
            if self._named < self._settings.most_candidates and is_acceptable(line, self._settings.allow_private):
                self._named += 1
                candidate = candidate_from_sdp(line.removeprefix("candidate:"))
                candidate.sdpMid = self._mid
                await self._connection.addIceCandidate(candidate)
        check_new_candidates(self._receiver)
