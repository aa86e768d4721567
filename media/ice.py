"""ICE: which addresses are offered, which of the browser's are believed, and short-lived TURN credentials."""

from __future__ import annotations

import hmac
import ipaddress
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NotRequired, TypedDict

MAX_CANDIDATES = 16
"""Remote candidates taken of one offer and what is trickled behind it; two networks are about six public ones."""

TURN_LIFETIME = timedelta(minutes=10)

_NUMBER = re.compile(r"[0-9]{1,10}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class IceServer(TypedDict):
    """One entry of a browser's RTCConfiguration.iceServers."""

    urls: list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


@dataclass(frozen=True, slots=True)
class IceSettings:
    """How peers find their way.

    hosts: addresses offered to browsers; empty: all of this machine's but loopback. servers: STUN and TURN
    URLs for server and browser. turn_secret: shared with the TURN server, empty if it needs none.
    allow_private: believe candidates in private, loopback and link-local ranges. Off, an offer cannot make
    the server send packets into its own network; browsers there still get through, because their checks
    reach an offered address and are answered (peer-reflexive candidates). most_candidates: how many of a
    browser's addresses are tried.
    """

    hosts: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    turn_secret: str = ""
    allow_private: bool = False
    most_candidates: int = MAX_CANDIDATES

    def ice_servers_for_browser(self, now: datetime) -> list[IceServer]:
        """The iceServers a browser may use from `now` on, for ten minutes.

        Credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the expiry as
        user name, its HMAC-SHA1 under the shared secret as password.
        """
        stun = [url for url in self.servers if url.startswith("stun")]
        turn = [url for url in self.servers if url.startswith("turn")]
        servers: list[IceServer] = [IceServer(urls=stun)] if stun else []
        if turn and self.turn_secret:
            username = str(int((now.astimezone(UTC) + TURN_LIFETIME).timestamp()))
            digest = hmac.digest(self.turn_secret.encode(), username.encode(), "sha1")
            servers.append(IceServer(urls=turn, username=username, credential=b64encode(digest).decode()))
        elif turn:
            servers.append(IceServer(urls=turn))
        return servers


def filter_candidates(sdp: str, *, allow_private: bool, most: int = MAX_CANDIDATES) -> str:
    """`sdp` with so many candidates at most, each UDP to a literal unicast address, a public one unless allowed.

    Names (mDNS, DNS) go: resolving them would let an offer make the server ask for names. The end of
    candidates goes too, since the browser's own checks may still come from elsewhere.
    """
    kept: list[str] = []
    candidates = 0
    for line in sdp.splitlines():
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            if candidates >= most or not is_acceptable(line.removeprefix("a="), allow_private):
                continue
            candidates += 1
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def is_acceptable(candidate: str, allow_private: bool) -> bool:
    """Whether packets may be sent to this candidate (`candidate:…`), which a stranger has named."""
    fields = candidate.removeprefix("candidate:").split()
    if len(fields) < 8 or fields[1] != "1" or fields[2].lower() != "udp" or fields[6] != "typ":
        return False
    related_ports = [value for name, value in zip(fields[8::2], fields[9::2], strict=False) if name == "rport"]
    # Longer or other numbers are errors to aiortc's parser, and to Python's.
    if not all(_NUMBER.fullmatch(number) for number in (fields[3], fields[5], *related_ports)):
        return False
    if not 0 < int(fields[5]) < 65_536:
        return False
    try:
        address = ipaddress.ip_address(fields[4])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        elif address.ipv4_mapped is not None:
            address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified:
        return False
    return allow_private or address.is_global
