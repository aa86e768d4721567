"""The OpenAPI document, held to the server by made-up requests: no 5xx, no answer that it does not name."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import definitions
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.ehr.api.declaring import Operation
from server.ehr.api.document import document
from server.ehr.api.routes import OPERATIONS
from server.keys import RECORDS
from server.records.application_events import FollowUpKind
from tests.server.ehr.api.conftest import Api

LONGEST_QUERY = 6000
EXAMPLES = 4
"""Of each operation and kind; the same ones in every run. All together take some 8 s of processor time."""
FEWER = {"add_resume": 2}
"""Each file is read in a process of its own, which takes its time."""
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SEEN: dict[str, set[int]] = {}
"""What each operation has answered so far."""


def made(api: Api, path: str, body: Mapping[str, Any]) -> str:
    """The id of something new."""
    headers = {"Authorization": f"Bearer {api.secret}"}
    answer = requests.post(f"{api.url}/api/v1/{path}", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text
    found: str = answer.json()["id"]
    return found


def somebody(api: Api) -> dict[str, str]:
    """A candidate whom nobody misses."""
    return {"candidate_id": made(api, "candidates", {"remote_id": uuid.uuid4().hex, "name": "Nobody"})}


ONLY_ONCE: Mapping[str, Callable[[Api], dict[str, str]]] = {
    "erase_candidate": somebody,
    "cancel_interview": lambda api: {"interview_id": api.invite()},
}
"""What can be done once gets something new for each request."""


@pytest.fixture(scope="module")
def ids(api: Api) -> Mapping[str, str]:
    """Of things that are there: made-up ids would only ever be told that they are not."""
    job = made(api, "jobs", {"remote_id": "j", "title": "Agent", "flow_id": "customer_service"})
    candidate = made(api, "candidates", {"remote_id": "c", "name": "Ada"})
    application = made(api, "applications", {"candidate_id": candidate, "job_id": job})
    acts, kind = api.app[RECORDS].acts, FollowUpKind.DEPARTMENT_RATING
    follow_up = api.run(acts.order_follow_up(application, kind, "account", datetime.now(UTC), department="Store"))
    finished = api.invite()
    api.begin(finished, answers=-1)
    return {
        "job_id": job,
        "candidate_id": candidate,
        "application_id": application,
        "interview_id": finished,
        "follow_up_id": follow_up,
        "flow_id": "customer_service",
        "competency_id": "empathy",
    }


@pytest.fixture(scope="module")
def schema(api: Api) -> Any:
    return schemathesis.openapi.from_dict(document(OPERATIONS, api.url))


def test_the_document_is_valid_and_says_what_the_declarations_say(api: Api) -> None:
    served = requests.get(f"{api.url}/api/v1/openapi.json", timeout=10).json()
    assert served == json.loads(json.dumps(document(OPERATIONS, api.url)))
    schemathesis.openapi.from_dict(served).validate()
    listed = {(path, method) for path, methods in served["paths"].items() for method in methods}
    assert listed == {(one.path, one.method.lower()) for one in OPERATIONS}
    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS)
    for methods in served["paths"].values():
        for operation in methods.values():
            assert len(operation["summary"]) > 8
            [needed] = operation["security"]
            assert len(needed["key"]) == 1


def check(made_here: dict[str, Any]) -> None:
    """Raises for what is no OpenAPI 3.1, or holds a schema that is none."""
    schemathesis.openapi.from_dict(made_here).validate()
    definitions.OPENAPI_31_VALIDATOR.validate(made_here)
    for one in made_here["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(one)
    for methods in made_here["paths"].values():
        for described in methods.values():
            for parameter in described["parameters"]:
                jsonschema.Draft202012Validator.check_schema(parameter["schema"])


def test_the_document_is_openapi_3_1_and_its_schemas_are_json_schema_2020_12(api: Api) -> None:
    """Also that what is wrong is found."""
    made_here = document(OPERATIONS, api.url)
    check(made_here)
    wrong = copy.deepcopy(made_here)
    wrong["components"]["schemas"]["Job"]["properties"]["title"]["type"] = "strin"
    changes: list[dict[str, Any]] = [wrong, {"paths": {"jobs": {}}}, {"info": {"title": "No version"}}]
    for change in changes:
        with pytest.raises(Exception, match=r"strin|jobs|version"):
            check({**made_here, **change})


@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
def test_an_answer_that_the_document_does_not_have_is_found(api: Api, ids: Mapping[str, str]) -> None:
    """What the following test would say if the server answered otherwise."""
    true = document(OPERATIONS, api.url)
    other_answer, other_status = copy.deepcopy(true), copy.deepcopy(true)
    other_answer["components"]["schemas"]["Job"]["properties"]["title"]["type"] = "integer"
    del other_status["paths"]["/jobs/{job_id}"]["get"]["responses"]["200"]
    for changed in (other_answer, other_status):

        def call(case: Any) -> None:
            known(case, ids)
            response = case.call(base_url=f"{api.url}/api/v1", headers={"Authorization": f"Bearer {api.secret}"})
            case.validate_response(response, checks=CHECKS)

        described = schemathesis.openapi.from_dict(changed)["/jobs/{job_id}"]["GET"]
        with pytest.raises((FailureGroup, Failure)):
            run(described.as_strategy(generation_mode=GenerationMode.POSITIVE), call, 1)


# The server's thread draws random numbers meanwhile, which Hypothesis takes for a strategy's.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
def test_no_answer_is_a_fault_or_undocumented(
    api: Api, ids: Mapping[str, str], schema: Any, operation: Operation, mode: GenerationMode
) -> None:
    described = schema[operation.path][operation.method]
    answers = SEEN.setdefault(operation.id, set())
    checks = CHECKS if mode is GenerationMode.POSITIVE else [*CHECKS, negative_data_rejection]

    def call(case: Any) -> None:
        # A longer address is refused while it is read, before anybody knows whose it is.
        assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
        if mode is GenerationMode.POSITIVE:
            known(case, {**ids, **ONLY_ONCE[operation.id](api)} if operation.id in ONLY_ONCE else ids)
        response = case.call(base_url=f"{api.url}/api/v1", headers={"Authorization": f"Bearer {api.secret}"})
        answers.add(response.status_code)
        case.validate_response(response, checks=checks)

    run(described.as_strategy(generation_mode=mode), call, FEWER.get(operation.id, EXAMPLES))
    assert answers


def test_most_operations_were_really_done(api: Api) -> None:
    """Requests that are all refused would say little."""
    if len(SEEN) < len(OPERATIONS):
        pytest.skip("looks at what the others in this file have seen")
    done = [one.id for one in OPERATIONS if one.status in SEEN[one.id]]
    assert len(done) >= len(OPERATIONS) - 4, {id_: seen for id_, seen in SEEN.items() if id_ not in done}


def run(strategy: Any, call: Callable[[Any], None], examples: int) -> None:
    """Calls with the same examples in every run."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def each(case: Any) -> None:
        call(case)

    each()


def known(case: Any, ids: Mapping[str, str]) -> None:
    """Puts ids of things that are there where the case has ids."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = ids.get(name, case.path_parameters[name])
    if isinstance(case.body, dict):
        case.body = copy.deepcopy(case.body)
        for name in names_in(case.body):
            case.body[name] = ids[name]


def names_in(body: Mapping[str, Any]) -> Iterator[str]:
    """The fields that hold ids."""
    held = {"job_id", "candidate_id", "flow_id", "competency_id"}
    return iter([name for name, value in body.items() if name in held and value is not None])
