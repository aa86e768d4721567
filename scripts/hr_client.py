"""Calls the API of a live interview server, as an HR system does: `async with HrClient(url, key) as hr: …`.

One method for each operation of /api/v1/openapi.json, with the server's own models; a test holds the two together.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from io import BytesIO
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import BaseModel

from server.ehr.api import interview_models as of_interviews
from server.ehr.api import record_models as of_records
from server.ehr.api.declaring import Answer, Sent
from server.problems import API_PREFIX, Problem

AnswerT = TypeVar("AnswerT", bound=Answer)
TRIES = 4
"""How often a request is sent when the network or the server fails, always under the same Idempotency-Key."""
LONGEST_WAIT_S = 30.0


class Refused(Exception):
    """The server said no, and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


async def every(page: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Any]:
    """Everything of a list, page by page: `async for job in every(lambda cursor: hr.list_jobs(cursor=cursor))`."""
    cursor: str | None = ""
    while cursor is not None:
        found = await page(cursor)
        for item in found.items:
            yield item
        cursor = found.next


class HrClient:
    """One key of one system. Methods raise Refused, and aiohttp.ClientError when the server cannot be reached."""

    def __init__(self, url: str, key: str, language: str = "en") -> None:
        """url: the server's, such as https://interviews.example.com. key: `ivk_…`. language: of refusals."""
        self._url = url.rstrip("/") + API_PREFIX.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    # Candidates

    async def upsert_candidate(self, body: of_records.CandidateIn) -> of_records.Candidate:
        """Takes a candidate in, or corrects what is known of them."""
        return await self._sent("POST", "/candidates", of_records.Candidate, body)

    async def list_candidates(
        self, cursor: str = "", limit: int = 50, remote_id: str | None = None
    ) -> of_records.CandidatePage:
        """A page of the candidates, the newest first."""
        query = {"cursor": cursor, "limit": limit, "remote_id": remote_id}
        return await self._sent("GET", "/candidates", of_records.CandidatePage, query=query)

    async def get_candidate(self, candidate_id: str) -> of_records.Candidate:
        """One candidate."""
        return await self._sent("GET", f"/candidates/{candidate_id}", of_records.Candidate)

    async def add_resume(
        self,
        candidate_id: str,
        content: bytes,
        media_type: str,
        file_name: str = "resume",
        job_id: str | None = None,
    ) -> of_records.Resume:
        """Keeps a résumé and reads it; with a job, compares its skills with what that asks for."""
        query, path = {"file_name": file_name, "job_id": job_id}, f"/candidates/{candidate_id}/resumes"
        return await self._sent("POST", path, of_records.Resume, query=query, content=content, media_type=media_type)

    async def erase_candidate(self, candidate_id: str, body: of_records.EraseIn) -> of_records.Erasure:
        """Erases a candidate everywhere; it cannot be undone."""
        return await self._sent("POST", f"/candidates/{candidate_id}/erase", of_records.Erasure, body)

    # Jobs

    async def upsert_job(self, body: of_records.JobIn) -> of_records.Job:
        """Makes a job, or changes it."""
        return await self._sent("POST", "/jobs", of_records.Job, body)

    async def list_jobs(self, cursor: str = "", limit: int = 50) -> of_records.JobPage:
        """A page of the jobs, the newest first."""
        return await self._sent("GET", "/jobs", of_records.JobPage, query={"cursor": cursor, "limit": limit})

    async def get_job(self, job_id: str) -> of_records.Job:
        """One job."""
        return await self._sent("GET", f"/jobs/{job_id}", of_records.Job)

    async def put_competency_model(self, job_id: str, body: of_records.CompetencyModelIn) -> of_records.CompetencyModel:
        """Says what a job asks for."""
        return await self._sent("PUT", f"/jobs/{job_id}/competency-model", of_records.CompetencyModel, body)

    # Applications

    async def open_application(self, body: of_records.ApplicationIn) -> of_records.Application:
        """Opens a candidate's application for a job."""
        return await self._sent("POST", "/applications", of_records.Application, body)

    async def list_applications(
        self,
        cursor: str = "",
        limit: int = 50,
        step: str | None = None,
        is_open: bool | None = None,
        job_id: str | None = None,
        candidate_id: str | None = None,
    ) -> of_records.ApplicationPage:
        """A page of the applications, the newest first."""
        query = {"cursor": cursor, "limit": limit, "step": step, "job_id": job_id, "candidate_id": candidate_id}
        query["is_open"] = None if is_open is None else str(is_open).lower()
        return await self._sent("GET", "/applications", of_records.ApplicationPage, query=query)

    async def get_application(self, application_id: str) -> of_records.ApplicationWithHistory:
        """One application with everything that happened to it."""
        return await self._sent("GET", f"/applications/{application_id}", of_records.ApplicationWithHistory)

    async def close_application(self, application_id: str, body: of_records.CloseIn) -> of_records.Application:
        """Closes an application: a person's act."""
        return await self._sent("POST", f"/applications/{application_id}/close", of_records.Application, body)

    async def report_follow_up(self, follow_up_id: str, body: of_records.FollowUpIn) -> of_records.FollowUp:
        """Reports what came of an assessment or a check."""
        return await self._sent("POST", f"/follow-ups/{follow_up_id}/result", of_records.FollowUp, body)

    # Interviews

    async def order_interview(self, body: of_interviews.InterviewIn) -> of_interviews.Ordered:
        """Orders an interview."""
        return await self._sent("POST", "/interviews", of_interviews.Ordered, body)

    async def list_interviews(
        self,
        cursor: str = "",
        limit: int = 50,
        status: str | None = None,
        job_id: str | None = None,
        candidate_id: str | None = None,
        application_id: str | None = None,
    ) -> of_interviews.InterviewPage:
        """A page of the interviews, the newest first."""
        query = {"cursor": cursor, "limit": limit, "status": status, "job_id": job_id, "candidate_id": candidate_id}
        query["application_id"] = application_id
        return await self._sent("GET", "/interviews", of_interviews.InterviewPage, query=query)

    async def get_interview(self, interview_id: str) -> of_interviews.Interview:
        """Where an interview stands."""
        return await self._sent("GET", f"/interviews/{interview_id}", of_interviews.Interview)

    async def cancel_interview(self, interview_id: str, body: of_interviews.CancelIn) -> of_interviews.Cancelled:
        """Calls an interview off."""
        return await self._sent("POST", f"/interviews/{interview_id}/cancel", of_interviews.Cancelled, body)

    async def get_transcript(self, interview_id: str) -> of_interviews.InterviewTranscript:
        """What was asked and answered."""
        return await self._sent("GET", f"/interviews/{interview_id}/transcript", of_interviews.InterviewTranscript)

    async def get_scores(self, interview_id: str) -> of_interviews.Scores:
        """The scores, of machine and people apart and together."""
        return await self._sent("GET", f"/interviews/{interview_id}/scores", of_interviews.Scores)

    async def get_report(self, interview_id: str) -> of_interviews.Report:
        """The whole report."""
        return await self._sent("GET", f"/interviews/{interview_id}/report", of_interviews.Report)

    async def rate_interview(self, interview_id: str, body: of_interviews.RatingIn) -> of_interviews.Rated:
        """Passes on a person's rating."""
        return await self._sent("POST", f"/interviews/{interview_id}/ratings", of_interviews.Rated, body)

    async def make_recording_link(
        self, interview_id: str, body: of_interviews.RecordingLinkIn
    ) -> of_interviews.RecordingLink:
        """A link that plays the recording."""
        path = f"/interviews/{interview_id}/recording-link"
        return await self._sent("POST", path, of_interviews.RecordingLink, body)

    async def _sent(
        self,
        method: str,
        path: str,
        answer: type[AnswerT],
        body: Sent | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        content: bytes = b"",
        media_type: str = "application/json",
    ) -> AnswerT:
        """Sends it until it is answered; a POST happens once however often it is sent."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        if body is not None:
            content = _json(body)
        if content:
            headers["Content-Type"] = media_type
        asked = {name: str(value) for name, value in (query or {}).items() if value is not None}
        for attempt in range(1, TRIES + 1):
            try:
                async with self._http.request(
                    method, self._url + path, params=asked, data=BytesIO(content) if content else None, headers=headers
                ) as response:
                    if response.ok:
                        return answer.model_validate_json(await response.read())
                    problem, wait_s = await _problem(response), _wait_s(response, attempt)
            except (aiohttp.ClientConnectionError, TimeoutError):
                if attempt == TRIES:
                    raise
                wait_s = float(attempt)
            else:
                again = problem.status in (429, 500, 502, 503, 504) or problem.code == "idempotency_under_way"
                if not again or attempt == TRIES:
                    raise Refused(problem)
            await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")


def _json(body: BaseModel) -> bytes:
    # What was not said is not sent: null would say something else than nothing, if ever a field comes to mean it.
    return body.model_dump_json(exclude_unset=True, by_alias=True).encode()


async def _problem(response: aiohttp.ClientResponse) -> Problem:
    if response.content_type == "application/problem+json":
        return Problem.model_validate_json(await response.read())
    # A proxy before the server answers in words of its own.
    title = response.reason or "?"
    return Problem(type="about:blank", title=title, status=max(400, response.status), detail=title, code="unknown")


def _wait_s(response: aiohttp.ClientResponse, attempt: int) -> float:
    said = response.headers.get("Retry-After", "")
    return min(LONGEST_WAIT_S, float(said)) if said.isdecimal() else float(attempt)
