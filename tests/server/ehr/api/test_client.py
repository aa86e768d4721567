"""The Python client: an operation a method, the same as the document says, and patient with a bad line."""

from __future__ import annotations

import inspect
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from question_flows.model import Language
from scripts.hr_client import HrClient, Refused, every
from server.ehr.api.declaring import Operation
from server.ehr.api.document import document
from server.ehr.api.interview_models import CancelIn, InterviewIn, RatingIn
from server.ehr.api.record_models import ApplicationIn, CandidateIn, CloseIn, CompetencyIn, CompetencyModelIn, JobIn
from server.ehr.api.routes import OPERATIONS
from server.records.application_events import Outcome
from tests.server.ehr.api.conftest import Api

README = Path(__file__).parents[4] / "README.md"


class Recorded(HrClient):
    """Says what it would send."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", "ivk_x")
        self.seen: tuple[str, str, Any, Any] = ("", "", None, None)

    async def _sent(self, method: str, path: str, answer: Any, body: Any = None, **more: Any) -> Any:
        self.seen = (method, path, answer, set(more.get("query") or {}))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
async def test_each_method_is_the_operation_of_its_name(operation: Operation) -> None:
    client = Recorded()
    method = getattr(client, operation.id)
    hints = get_type_hints(method)
    needed = [one for one in inspect.signature(method).parameters.values() if one.default is one.empty]
    await method(*(one.name for one in needed))
    verb, path, answer, query = client.seen
    assert (verb, path) == (operation.method, operation.path.replace("{", "").replace("}", ""))
    assert answer is operation.answer is hints["return"]
    assert hints.get("body") is operation.body
    described = document(OPERATIONS, "")["paths"][operation.path][operation.method.lower()]
    assert query == {one["name"] for one in described["parameters"] if one["in"] == "query"}


def test_there_is_no_method_that_the_document_lacks() -> None:
    public = {name for name, _ in inspect.getmembers(HrClient, inspect.isfunction) if not name.startswith("_")}
    assert public == {one.id for one in OPERATIONS}


async def test_a_candidate_is_carried_through_by_the_client_alone(api: Api) -> None:
    async with HrClient(api.url, api.secret) as hr:
        job = await hr.upsert_job(JobIn(remote_id="j", title="Agent", flow_id="customer_service"))
        model = CompetencyModelIn(competencies=[CompetencyIn(remote_id="c", name="Listening")])
        assert (await hr.put_competency_model(job.id, model)).version == 1
        candidate = await hr.upsert_candidate(CandidateIn(remote_id="p", name="Ada", email="ada@example.org"))
        application = await hr.open_application(ApplicationIn(candidate_id=candidate.id, job_id=job.id))
        ordered = await hr.order_interview(InterviewIn(application_id=application.id))
        assert ordered.link is not None
        assert re.search(r"/i/[\w-]{43}$", ordered.link)
        with pytest.raises(Refused) as refused:
            await hr.rate_interview(ordered.id, RatingIn(rater="Ann", competency_id="no", points=1, reason="x"))
        assert refused.value.problem.code == "competency_unknown"
        direct = InterviewIn(candidate_id=candidate.id, flow_id="customer_service", language=Language.CHINESE)
        second = await hr.order_interview(direct)
        assert (await hr.cancel_interview(second.id, CancelIn(reason="Twice"))).status == "cancelled"
        found = [one.id async for one in every(lambda cursor: hr.list_interviews(cursor, 1, candidate_id=candidate.id))]
        assert found == [second.id, ordered.id]
        closing = CloseIn(outcome=Outcome.WITHDRAWN, decided_by="Ann", reason="She asked for it.")
        assert (await hr.close_application(application.id, closing)).outcome == "withdrawn"


def test_a_script_may_say_a_language_as_the_document_does() -> None:
    said = {"remote_id": "c", "name": "Cai", "language": "zh-CN"}
    assert CandidateIn.model_validate(said).language is Language.CHINESE
    assert InterviewIn.model_validate({"language": "en"}).language is Language.ENGLISH
    with pytest.raises(ValidationError):
        CandidateIn.model_validate({**said, "language": "zh"})


async def test_what_the_readme_shows_works_as_it_stands_there(api: Api) -> None:
    [shown] = re.findall(r"```py\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    told: dict[str, Any] = {"key": api.secret}
    code = compile(shown.replace("http://localhost:8080", api.url), "README.md", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, told)
    assert re.search(r"/i/[\w-]{43}$", told["ordered"].link)


@asynccontextmanager
async def between(api: Api, faults: list[str]) -> AsyncIterator[str]:
    """The address of a proxy before the server that loses answers and is too busy, as the list says."""

    async def passed_on(request: web.Request) -> web.StreamResponse:
        fault = faults.pop(0) if faults else ""
        if fault == "busy":
            return web.Response(status=503, headers={"Retry-After": "0"})
        headers: Mapping[str, str] = {
            name: value for name, value in request.headers.items() if name != "Host" and name != "Content-Length"
        }
        async with api.client() as client:
            async with client.request(
                request.method, api.url + request.path_qs, data=await request.read(), headers=headers
            ) as response:
                body = await response.read()
            if fault == "answer lost":
                assert request.transport is not None
                request.transport.close()
            return web.Response(status=response.status, body=body, content_type=response.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", passed_on)
    async with TestServer(app) as proxy:
        yield str(proxy.make_url("")).rstrip("/")


async def test_an_order_whose_answer_is_lost_is_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.hr_client.LONGEST_WAIT_S", 0.1)
    async with between(api, ["busy", "answer lost"]) as url, HrClient(url, api.secret) as hr:
        candidate = CandidateIn(remote_id="lost", name="Lost Answer")
        person = await HrClient.upsert_candidate(hr, candidate)
        order = InterviewIn(candidate_id=person.id, flow_id="customer_service")
        faults = ["answer lost", "busy", "answer lost"]
        async with between(api, faults) as shaky, HrClient(shaky, api.secret) as second:
            ordered = await second.order_interview(order)
        listed = await hr.list_interviews(candidate_id=person.id)
        assert [one.id for one in listed.items] == [ordered.id]
        assert ordered.link is not None
