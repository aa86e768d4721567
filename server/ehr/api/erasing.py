"""Erasing a candidate over the API: from every table, every recording, every file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from server.delivery.forgetting import forget_waiting
from server.ehr.api.declaring import Call, operation
from server.ehr.api.record_models import Delivered, EraseIn, Erasure
from server.errors import UserError
from server.interview.hr_commands import CancelInterview
from server.interview.state import UNDER_WAY, Status
from server.keys import CONNECTIONS, DATABASE, HUB, INTERVIEWS, SETTINGS
from server.recordings.serving import store_address
from server.recordings.spool import Spool
from server.recordings.store import Store, StoreUnavailable
from server.records.forgetting import tell_erased
from server.records.people import read_person
from server.storage.api_keys import Scope
from server.storage.erasure import erase, whole


@operation("POST", "/candidates/{candidate_id}/erase", scope=Scope.ERASE, refuses=(503,))
async def erase_candidate(call: Call, candidate_id: str, body: EraseIn) -> Erasure:
    """Erases a candidate: words, recordings, résumés, addresses, and whatever waits to be sent.

    It cannot be undone. 409 while an interview of theirs runs: cancel it first. What had been delivered to other
    systems is listed in the answer; only they can erase it there. Connections that want it are sent `candidate.erased`
    with ids alone: those of this server and their own.
    """
    database, interviews = call.app[DATABASE], call.app[INTERVIEWS]
    async with database.read() as connection:
        person = await read_person(connection, candidate_id)
        them = await whole(connection, person.id)
    states = {one: await interviews.state(one) for one in them.interviews}
    if any(state.status in UNDER_WAY for state in states.values()):
        raise UserError("erase_under_way", status=409)
    for one, state in states.items():
        if state.status is not Status.COMPLETED:
            # Whoever holds the link must not begin while everything is taken away.
            await (await interviews.get(one)).execute(CancelInterview(body.reason, call.by))
    await interviews.release(them.interviews)
    recordings = await _erase_recordings(call, them.interviews)
    readers = await call.app[CONNECTIONS].readers()
    async with database.begin() as connection:
        them = await whole(connection, person.id)
        await forget_waiting(connection, them, readers, call.now)
        told = await tell_erased(connection, person.id, them, call.now)
        gone = await erase(connection, them)
    for one in them.interviews:
        call.app[HUB].forget(one)
    return Erasure(
        id=person.id,
        interviews=gone.rows["interviews"],
        recordings=recordings,
        resumes=gone.rows["resumes"],
        applications=gone.rows["applications"],
        delivered=[
            Delivered(destination=destination, type=type_, messages=count)
            for (destination, type_), count in gone.delivered.items()
        ],
        told=told,
    )


async def _erase_recordings(call: Call, interview_ids: Sequence[str]) -> int:
    """Before the rows that say where they are. Raises UserError recording_away (503)."""
    settings = call.app[SETTINGS]
    spool, store = Spool.of(settings.recordings_dir), Store(store_address(settings))
    count = 0
    try:
        for one in interview_ids:
            await asyncio.to_thread(spool.remove, one)
            for key in await store.keys(f"{one}/"):
                await store.delete(key)
                count += 1
    except StoreUnavailable as error:
        raise UserError("recording_away", status=503, retry_after_s=60) from error
    return count
