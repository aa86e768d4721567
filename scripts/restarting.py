"""A simulated browser's side of an ICE restart, which aiortc itself does not have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiortc import RTCPeerConnection
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from media.aiortc_fixes import check_new_candidates, renew_local_ice, renew_remote_ice
from media.ice_restart import parse_fragment, write_fragment


async def restart_ice(
    connection: RTCPeerConnection, exchange: Callable[[str], Awaitable[str]], *, name_addresses: bool = True
) -> None:
    """Restart ICE of a connection that offered. exchange: sends the fragment and gives the server's.

    name_addresses: whether the browser's addresses are in it. Raises what exchange raises, and BadOffer.
    """
    transceiver = connection.getTransceivers()[0]
    receiver, mid = transceiver.receiver, transceiver.mid or "0"
    username, password = renew_local_ice(receiver)
    candidates = receiver.transport.transport.iceGatherer.getLocalCandidates() if name_addresses else []
    asked = write_fragment(username, password, mid, [candidate_to_sdp(one) for one in candidates])
    answer = parse_fragment(await exchange(asked))
    renew_remote_ice(receiver, answer.username, answer.password)
    for line in answer.candidates:
        candidate = candidate_from_sdp(line.removeprefix("candidate:"))
        candidate.sdpMid = mid
        await connection.addIceCandidate(candidate)
    check_new_candidates(receiver)
