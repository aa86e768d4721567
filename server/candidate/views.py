"""The candidate's pages and what their page's script asks for. Each view reads, hands a command on, and answers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from question_flows.expected_time import expected_minutes
from question_flows.model import Language
from question_flows.progress import first_question, longest_rest
from server.candidate import bodies
from server.candidate.access import candidate_session, interview_of, set_cookie
from server.candidate.appointment_text import appointment_text
from server.caps import CAPS
from server.draining import refuse_start
from server.errors import UserError
from server.governance.policy import purposes_offered
from server.interview.commands import (
    CallForHelp,
    Command,
    ConfirmTranscripts,
    ContinueInterview,
    CorrectTranscript,
    GiveConsent,
    GiveFeedback,
    OpenHint,
    Pause,
    RestartAnswer,
    Resume,
    SaveDraft,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
    TakeMoment,
    WithdrawHelp,
)
from server.interview.events import Purpose
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot
from server.interview.state import Status
from server.keys import HUB, INTERVIEWS, SETTINGS
from server.live.hub import LiveMessage
from server.live.wire import to_sse
from server.pages import render
from server.sse import ServerSentEvent, last_event_id, stream
from server.storage.invitations import Invitation

NAMES = ("by", "user", "asked_by")
"""Fields of events that hold an address of somebody of HR; `by` also says "hr" or "candidate"."""

KEPT_TO_HR = frozenset({"QuestionRequested", "InterviewEnded", "InterviewCancelled"})
"""Events of which the candidate learns that they happened: a question's words come with it, a reason is HR's."""

SHOWN_TO_CANDIDATES = frozenset(
    {
        "InterviewStarted",
        "QuestionAsked",
        "HintOpened",
        "AnswerStarted",
        "UtteranceTranscribed",
        "UtteranceLost",
        "AnswerSubmitted",
        "AnswerSkipped",
        "AnswerRestarted",
        "MomentTaken",
        "RoundEnded",
        "TranscriptCheckBegan",
        "TranscriptCorrected",
        "TranscriptsConfirmed",
        "HelpRequested",
        "HelpAcknowledged",
        "HelpWithdrawn",
        "ConnectionLost",
        "ConnectionRestored",
        "ServerRestarted",
        "InterviewPaused",
        "InterviewResumed",
        "RecognitionFailed",
        "RecognitionRestored",
        "InterviewCompleted",
        "CandidateFeedbackReleased",
        "TimeGiven",
        "HintSent",
        "QuestionRequested",
        "HandedOver",
        "InterviewEnded",
        "InterviewCancelled",
        "transcript",
        "connection",
        "recognition",
        "viewers",
    }
)
"""Events and signals that reach the candidate's page; scores and observations never do."""


async def landing(request: web.Request) -> web.StreamResponse:
    """What the link is about. Looking does not use the link up: mail programs and chats fetch links for previews."""
    invitation = await invitation_of(request)
    if await interview_of(request) == invitation.interview_id:
        raise web.HTTPSeeOther("/interview")
    if invitation.redeemed_at is not None:
        raise UserError("link_used", status=410)
    state = await request.app[INTERVIEWS].state(invitation.interview_id)
    flow = request.app[INTERVIEWS].flow_of(state)
    least, most = expected_minutes(flow)
    return render(
        request,
        "landing.html",
        preferred_language=state.language,
        job=flow.job[state.language],
        title=flow.title[state.language],
        interview_language=state.language.value,
        least_minutes=least,
        most_minutes=most,
        questions=1 + longest_rest(flow, first_question(flow).id),
        follow_ups=flow.follow_ups.most > 0,
        practice=flow.practice is not None,
        recording_required=flow.recording_required,
        expression=Purpose.EXPRESSION in purposes_offered(state.jurisdiction),
        privacy_link=f"{request.path}/privacy",
        appointment=await appointment_text(request, invitation.interview_id),
        appointment_link=f"{request.path}/appointment.ics",
        **_company(request),
    )


async def privacy(request: web.Request) -> web.Response:
    """What is kept, for how long, who decides, and how to ask for something else; open to everybody."""
    return _privacy(request, back="")


async def privacy_of(request: web.Request) -> web.Response:
    """The same in the language of the invitation, with the way back to it."""
    invitation = await invitation_of(request)
    state = await request.app[INTERVIEWS].state(invitation.interview_id)
    return _privacy(request, back=f"/i/{request.match_info['token']}", preferred=state.language)


def _privacy(request: web.Request, back: str, preferred: Language | None = None) -> web.Response:
    return render(request, "privacy.html", preferred_language=preferred, back=back, **_company(request))


def _company(request: web.Request) -> dict[str, Any]:
    """Who invites and where to write to, for templates; contact_link: empty when the contact is no address."""
    settings = request.app[SETTINGS]
    contact = settings.privacy_contact.strip()
    link = ""
    if contact.startswith("https://"):
        link = contact
    elif re.fullmatch(r"[^\s@:]+@[^\s@]+\.[^\s@]+", contact):
        link = f"mailto:{contact}"
    return {"company": settings.company_name.strip(), "contact": contact, "contact_link": link}


async def redeem(request: web.Request) -> web.StreamResponse:
    """Exchanges the link for this browser's cookie, once."""
    invitations, token = request.app[INTERVIEWS].invitations, request.match_info["token"]
    response = web.HTTPSeeOther("/interview")
    invitation = await invitation_of(request)
    if await interview_of(request) != invitation.interview_id:
        set_cookie(request, response, await invitations.redeem(token, datetime.now(UTC)))
    raise response


async def invitation_of(request: web.Request) -> Invitation:
    """What the link opens. Raises UserError link_unknown, link_expired, or links_too_many for one who guesses.

    And interview_cancelled (410): a page that says so is kinder than an interview that cannot begin.
    """
    caps = request.app[CAPS]
    caps.link(request.remote)
    interviews, token = request.app[INTERVIEWS], request.match_info["token"]
    interview_id = await interviews.invitations.behind(token)
    if interview_id is not None and (await interviews.state(interview_id)).status is Status.CANCELLED:
        raise UserError("interview_cancelled", status=410)
    try:
        return await interviews.invitations.find(token, datetime.now(UTC))
    except UserError as error:
        if error.code == "link_unknown":
            caps.unknown_link(request.remote)
        raise


async def page(request: web.Request) -> web.StreamResponse:
    """The interview's page; its script takes over from here."""
    session = await candidate_session(request)
    language = session.state.language
    return render(
        request,
        "interview.html",
        preferred_language=language,
        title=session.flow.title[language],
        interview_language=language.value,
    )


async def snapshot(request: web.Request) -> web.Response:
    """Everything the page needs to show where the interview stands."""
    return _answer(await candidate_session(request))


async def events(request: web.Request) -> web.StreamResponse:
    """What happens from Last-Event-ID on. As long as somebody reads it, the candidate counts as present."""
    session = await candidate_session(request)
    messages = request.app[HUB].follow(session.interview_id, last_event_id(request))
    async with session.candidate_present():
        # A session that another worker has taken over ends here: the page must come back, and be counted there.
        return await stream(request, _shown(messages), lambda: session.has_ended)


async def _shown(messages: AsyncIterator[LiveMessage]) -> AsyncIterator[ServerSentEvent]:
    async for message in messages:
        event = to_sse(message)
        if event.event in SHOWN_TO_CANDIDATES:
            # Who of HR did something is not the candidate's to know.
            yield replace(event, data=without_names(event.data))


def without_names(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message without the addresses of HR's people in its event."""
    data = message.get("data")
    if not isinstance(data, Mapping):
        return dict(message)
    if message.get("type") in KEPT_TO_HR:
        return {**message, "data": {}}
    return {**message, "data": {key: value for key, value in data.items() if "@" not in str(value) or key not in NAMES}}


async def consent(request: web.Request) -> web.Response:
    """Records yes or no for every purpose."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.ConsentBody)
    await session.execute(GiveConsent(body.granted, body.second_scorer))
    return _answer(session)


async def start(request: web.Request) -> web.Response:
    """Asks the first question."""
    session = await candidate_session(request)
    refuse_start(request.app, session)
    try:
        await session.execute(Start())
    except UserError as error:
        if error.code == "server_full":
            await request.app[INTERVIEWS].hand_over(session.interview_id)
        raise
    return _answer(session)


async def start_answer(request: web.Request) -> web.Response:
    """Ends the thinking time."""
    session = await candidate_session(request)
    await session.execute(StartAnswer(request.match_info["question_id"]))
    return _answer(session)


async def open_hint(request: web.Request) -> web.Response:
    """Opens a hint, which never lowers a score."""
    session = await candidate_session(request)
    await session.execute(OpenHint(request.match_info["question_id"], int(request.match_info["hint"])))
    return _answer(session)


async def save_draft(request: web.Request) -> web.Response:
    """Keeps what stands in the text field."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.DraftBody)
    await session.execute(SaveDraft(request.match_info["question_id"], body.text, body.cleared))
    return web.json_response({"seq": session.state.seq})


async def submit(request: web.Request) -> web.Response:
    """Closes the answer; returns when every word of it is on disk. Sent twice, it counts once."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.AnswerBody)
    await session.execute(SubmitAnswer(request.match_info["question_id"], body.mode, body.text, body.option))
    return _answer(session)


async def skip(request: web.Request) -> web.Response:
    """Goes on without an answer."""
    return await _obeyed(request, SkipQuestion(request.match_info["question_id"]))


async def restart(request: web.Request) -> web.Response:
    """Begins the open answer again, where the flow allows it."""
    return await _obeyed(request, RestartAnswer(request.match_info["question_id"]))


async def moment(request: web.Request) -> web.Response:
    """Adds to the thinking time."""
    return await _obeyed(request, TakeMoment(request.match_info["question_id"]))


async def go_on(request: web.Request) -> web.Response:
    """Ends the rest between two rounds."""
    return await _obeyed(request, ContinueInterview())


async def correct(request: web.Request) -> web.Response:
    """Keeps what the candidate makes of the words that were heard."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.DraftBody)
    await session.execute(CorrectTranscript(request.match_info["question_id"], body.text, body.cleared))
    return _answer(session)


async def confirm(request: web.Request) -> web.Response:
    """The words are right: they may be scored."""
    return await _obeyed(request, ConfirmTranscripts())


async def call_for_help(request: web.Request) -> web.Response:
    """Calls a person of HR, who sees it at once."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.HelpBody)
    await session.execute(CallForHelp(body.message))
    return _answer(session)


async def withdraw_help(request: web.Request) -> web.Response:
    """No help is needed any more."""
    return await _obeyed(request, WithdrawHelp())


async def pause(request: web.Request) -> web.Response:
    """Stops the interview clock until the candidate goes on."""
    session = await candidate_session(request)
    await session.execute(Pause())
    return _answer(session)


async def resume(request: web.Request) -> web.Response:
    """Goes on where the candidate paused."""
    session = await candidate_session(request)
    await session.execute(Resume())
    return _answer(session)


async def feedback(request: web.Request) -> web.Response:
    """What the candidate thought of the interview."""
    session = await candidate_session(request)
    body = await bodies.read(request, bodies.FeedbackBody)
    await session.execute(GiveFeedback(body.rating, body.comment, body.answers))
    return _answer(session)


async def _obeyed(request: web.Request, command: Command) -> web.Response:
    session = await candidate_session(request)
    await session.execute(command)
    return _answer(session)


def _answer(session: InterviewSession) -> web.Response:
    return web.json_response(candidate_snapshot(session))
