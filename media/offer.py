"""A browser's offer is checked before aiortc sees it: size, what it asks for, and which candidates it names."""

from __future__ import annotations

from typing import Literal

from aiortc.sdp import MediaDescription, SessionDescription

from media.ice import MAX_CANDIDATES, filter_candidates

MAX_OFFER_BYTES = 64 * 1024

OfferFault = Literal[
    "too_large", "malformed", "no_audio", "unexpected_media", "no_common_codec", "too_many", "not_receiving"
]


class BadOffer(ValueError):
    """The offer cannot be answered. reason: a code for the person's message; text: for the log."""

    def __init__(self, reason: OfferFault) -> None:
        super().__init__(f"the SDP offer was refused: {reason}")
        self.reason: OfferFault = reason


def check_offer(sdp: str, *, allow_private: bool, most_candidates: int = MAX_CANDIDATES) -> str:
    """The candidate's offer with its candidates filtered. Raises BadOffer.

    Wanted: one audio section, at most one video section that is bundled with it, nothing else.
    """
    filtered, offer = _checked(sdp, allow_private, most_candidates, wanted=("audio",))
    audio = next(media for media in offer.media if media.kind == "audio")
    if audio.direction not in ("sendrecv", "sendonly"):
        raise BadOffer("no_audio")
    return filtered


def check_viewers_offer(sdp: str, *, allow_private: bool, most_candidates: int = MAX_CANDIDATES) -> str:
    """The offer of a browser that wants to watch, with its candidates filtered. Raises BadOffer.

    Wanted: at most one audio and one video section, bundled, each to be received.
    """
    filtered, offer = _checked(sdp, allow_private, most_candidates, wanted=("audio", "video"))
    if any(media.direction not in ("sendrecv", "recvonly") for media in offer.media):
        raise BadOffer("not_receiving")
    return filtered


def _checked(
    sdp: str, allow_private: bool, most_candidates: int, *, wanted: tuple[str, ...]
) -> tuple[str, SessionDescription]:
    """The offer filtered, and parsed. wanted: kinds of which there must be one."""
    if len(sdp) > MAX_OFFER_BYTES or len(sdp.encode()) > MAX_OFFER_BYTES:
        raise BadOffer("too_large")
    filtered = filter_candidates(sdp, allow_private=allow_private, most=most_candidates)
    try:
        offer = SessionDescription.parse(filtered)
    except (ValueError, LookupError, AssertionError, AttributeError, TypeError, StopIteration) as error:
        # aiortc's parser meets bad lines with whatever its code happens to raise.
        raise BadOffer("malformed") from error
    kinds = sorted(media.kind for media in offer.media)
    if not set(kinds) & set(wanted):
        raise BadOffer("no_audio")
    if kinds not in (["audio"], ["video"], ["audio", "video"]):
        raise BadOffer("unexpected_media")
    if not all(_is_complete(media) for media in offer.media) or not _is_bundled(offer):
        raise BadOffer("malformed")
    return filtered, offer


def _is_complete(media: MediaDescription) -> bool:
    """Whether ICE and DTLS can begin: without these aiortc fails later, in the background."""
    return bool(
        media.rtp.muxId
        and media.direction
        and media.ice is not None
        and media.ice.usernameFragment
        and media.ice.password
        and media.rtcp_mux
        and media.dtls is not None
        and media.dtls.role is not None
        and media.dtls.fingerprints
    )


def _is_bundled(offer: SessionDescription) -> bool:
    """Whether the sections have names of their own and share one transport, the first one's."""
    mids = [media.rtp.muxId for media in offer.media]
    bundles = [[str(item) for item in group.items] for group in offer.group if group.semantic == "BUNDLE"]
    return len(set(mids)) == len(mids) and (bundles == [mids] or (len(mids) == 1 and not bundles))
