"""A Frappe HR for contract tests over real HTTP; stricter than the real one, which passes over fields it does not know.

The rules are those of hrms (versions 14 to 16, the strictest of them): Interview, Interview Feedback, Interview Round,
Job Applicant, Job Opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from aiohttp import web

Doc = dict[str, Any]

LINK, DATA, TABLE = "Link", "Data", "Table"
TABLES: Mapping[str, Mapping[str, str]] = {
    "Interview Detail": {
        "interviewer": "Link User",
        "interview_feedback": "Link Interview Feedback",
        "average_rating": "Rating",
        "comments": DATA,
        "name": DATA,
    },
    "Expected Skill Set": {"skill": "Link Skill", "description": DATA},
    "Skill Assessment": {"skill": "Link Skill", "rating": "Rating"},
}
DOCTYPES: Mapping[str, Mapping[str, str]] = {
    "User": {},
    "Skill": {},
    "Designation": {},
    "Job Opening": {
        "job_title": "*",
        "designation": "* Link Designation",
        "department": DATA,
        "status": "Select Open,Closed",
    },
    "Job Applicant": {
        "applicant_name": "*",
        "email_id": "*",
        "phone_number": DATA,
        "job_title": "Link Job Opening",
        "designation": "Link Designation",
        "status": "* Select Open,Replied,Rejected,Hold,Accepted",
    },
    "Interview Round": {
        "designation": "Link Designation",
        "expected_average_rating": DATA,
        "expected_skill_set": "Table Expected Skill Set",
    },
    "Interview": {
        "job_applicant": "* Link Job Applicant",
        "interview_round": "* Link Interview Round",
        "designation": "Link Designation",
        "status": "* Select Pending,Under Review,Cleared,Rejected,Cancelled",
        "scheduled_on": "* once",
        "from_time": "* once",
        "to_time": "* once",
        "interview_details": "Table Interview Detail",
        "interview_summary": DATA,
        "amended_from": "Link Interview",
    },
    "Interview Feedback": {
        "interview": "* Link Interview",
        "interviewer": "* Link User",
        "result": "* Select Cleared,Rejected",
        "skill_assessment": "* Table Skill Assessment",
        "feedback": DATA,
        "average_rating": DATA,
        "amended_from": "Link Interview Feedback",
    },
}
SUBMITTABLE = ("Interview", "Interview Feedback")
ON_SUBMITTED = {"Interview": {"interview_summary", "interview_details"}, "Interview Feedback": set[str]()}
OF_ALL = {"name", "docstatus", "creation", "modified"}


class Refusal(Exception):
    """An answer that is none of 200. kind: Frappe's exc_type."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(kind)
        self.status, self.kind = status, kind


class FakeFrappe:
    """One site in memory. token: "key:secret". today: of the site; a test may move it. rounds: what it calls them."""

    def __init__(self, token: str, rounds: str = "Interview Round") -> None:
        self._token = token
        self.rounds, self.round_field = rounds, rounds.lower().replace(" ", "_")
        self._doctypes = _renamed(rounds)
        self._docs: dict[str, dict[str, Doc]] = {doctype: {} for doctype in self._doctypes}
        self.today: date = datetime.now(UTC).date()

    def app(self) -> web.Application:
        """To be served."""
        app = web.Application()
        app.router.add_route("*", "/api/resource/{doctype}", self._answer)
        app.router.add_route("*", "/api/resource/{doctype}/{name}", self._answer)
        return app

    def docs(self, doctype: str, **values: Any) -> list[Doc]:
        """The documents that have these values, the oldest first."""
        return [doc for doc in self._docs[doctype].values() if all(doc.get(k) == v for k, v in values.items())]

    def make(self, doctype: str, name: str, **values: Any) -> Doc:
        """A document as somebody there makes it, under a name of its own."""
        return self._insert(doctype, values, name)

    def change(self, doctype: str, name: str, **values: Any) -> None:
        """Changes a document as somebody there does."""
        self._update(doctype, self._docs[doctype][name], values)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            if request.headers.get("Authorization") != f"token {self._token}":
                raise Refusal(401, "AuthenticationError")
            doctype, name = request.match_info["doctype"], request.match_info.get("name")
            if doctype not in self._doctypes:
                raise Refusal(500, "ImportError") if name else Refusal(404, "DoesNotExistError")
            return web.json_response({"data": await self._result(request, doctype, name)})
        except Refusal as refusal:
            told = {"exception": f"frappe.exceptions.{refusal.kind}", "exc_type": refusal.kind, "exc": "[]"}
            return web.json_response({**told, "_server_messages": "[]"}, status=refusal.status)

    async def _result(self, request: web.Request, doctype: str, name: str | None) -> Any:
        if request.method == "GET" and name is None:
            return self._list(doctype, request.query)
        if request.method == "GET" or request.method == "PUT":
            doc = self._docs[doctype].get(name or "")
            if doc is None:
                raise Refusal(404, "DoesNotExistError")
            if request.method == "PUT":
                self._update(doctype, doc, await request.json())
            return doc
        if request.method == "POST" and name is None:
            return self._insert(doctype, await request.json(), f"{doctype[:3].upper()}-{len(self._docs[doctype]):04}")
        raise Refusal(405, "ValidationError")

    def _list(self, doctype: str, query: Mapping[str, str]) -> list[Doc]:
        fields = json.loads(query.get("fields", '["name"]'))
        filters = json.loads(query.get("filters", "[]"))
        for name in [*fields, *(one[0] for one in filters)]:
            kind = self._doctypes[doctype].get(name, "" if name in OF_ALL else None)
            if kind is None or TABLE in kind:
                raise Refusal(417, "DataError")
        found = [doc for doc in self._docs[doctype].values() if all(_holds(doc, *one) for one in filters)]
        for part in reversed(query.get("order_by", "modified desc").split(",")):
            by, _, way = part.strip().partition(" ")
            found.sort(key=lambda doc, by=by: str(doc[by]), reverse=way == "desc")  # type: ignore[misc]
        most = int(query.get("limit_page_length", "20"))
        return [{name: doc.get(name) for name in fields} for doc in found[:most]]

    def _insert(self, doctype: str, given: Mapping[str, Any], name: str) -> Doc:
        values = dict(given)
        docstatus = values.pop("docstatus", 0)
        if values.get("amended_from"):
            former = self._docs[doctype].get(values["amended_from"])
            if former is None or former["docstatus"] != 2:
                raise Refusal(417, "ValidationError")
            name = f"{former['name']}-1"
        made = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        doc: Doc = {**dict.fromkeys(self._doctypes[doctype]), "name": name, "creation": made, "docstatus": 0}
        for field, kind in self._doctypes[doctype].items():
            if TABLE in kind:
                doc[field] = []
        self._set(doctype, doc, values)
        self._validate(doctype, doc, docstatus)
        self._docs[doctype][name] = doc
        return doc

    def _update(self, doctype: str, doc: Doc, given: Mapping[str, Any]) -> None:
        values = dict(given)
        docstatus = values.pop("docstatus", doc["docstatus"])
        if doc["docstatus"] == 2 or docstatus not in (doc["docstatus"], doc["docstatus"] + 1):
            raise Refusal(417, "DocstatusTransitionError")
        changed = {field for field, value in values.items() if doc.get(field) != value}
        if doc["docstatus"] == 1 and changed - ON_SUBMITTED[doctype]:
            raise Refusal(417, "UpdateAfterSubmitError")
        if any("once" in self._doctypes[doctype].get(field, "") for field in changed):
            raise Refusal(417, "CannotChangeConstantError")
        copy = dict(doc)
        self._set(doctype, copy, values)
        if docstatus != 2:
            self._validate(doctype, copy, docstatus)
        else:
            copy["docstatus"] = 2
        doc.update(copy)

    def _set(self, doctype: str, doc: Doc, values: Mapping[str, Any]) -> None:
        for field, value in values.items():
            if field not in self._doctypes[doctype]:
                raise Refusal(417, f"no field {field} in {doctype}")
            doc[field] = [dict(row) for row in value] if isinstance(value, list) else value
        doc["modified"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"

    def _validate(self, doctype: str, doc: Doc, docstatus: int) -> None:
        if docstatus and doctype not in SUBMITTABLE:
            raise Refusal(417, "DocstatusTransitionError")
        for field, kind in self._doctypes[doctype].items():
            self._check(doc.get(field), kind)
        if doctype == "Interview":
            self._validate_interview(doc)
        if doctype == "Interview Feedback":
            self._validate_feedback(doc, docstatus)
        doc["docstatus"] = docstatus

    def _validate_interview(self, doc: Doc) -> None:
        # What a row does not say is emptied.
        empty = dict.fromkeys(TABLES["Interview Detail"])
        doc["interview_details"] = [
            {**empty, **row, "name": f"row-{n}"} for n, row in enumerate(doc["interview_details"])
        ]
        about = {"job_applicant": doc["job_applicant"], self.round_field: doc[self.round_field]}
        same = self.docs("Interview", **about)
        if doc["docstatus"] == 1:
            # A change of what is submitted is not validated again.
            return
        if any(one["docstatus"] == 1 and one["name"] != doc["name"] for one in same):
            raise Refusal(417, "ValidationError")
        wanted = self._docs[self.rounds][doc[self.round_field]]["designation"]
        has = self._docs["Job Applicant"][doc["job_applicant"]]["designation"]
        if wanted and wanted != has:
            raise Refusal(417, "DuplicateInterviewRoundError")
        doc["designation"] = has
        if any(_overlaps(doc, one) for one in self.docs("Interview", scheduled_on=doc["scheduled_on"])):
            raise Refusal(417, "ValidationError")

    def _validate_feedback(self, doc: Doc, docstatus: int) -> None:
        interview = self._docs["Interview"][doc["interview"]]
        if doc["interviewer"] not in [row["interviewer"] for row in interview["interview_details"]]:
            raise Refusal(417, "ValidationError")
        if docstatus == 1 and self.today < date.fromisoformat(interview["scheduled_on"]):
            raise Refusal(417, "ValidationError")
        if self.docs("Interview Feedback", interview=doc["interview"], interviewer=doc["interviewer"], docstatus=1):
            raise Refusal(417, "ValidationError")
        ratings = [row["rating"] for row in doc["skill_assessment"]]
        doc["average_rating"] = sum(ratings) / len(ratings)

    def _check(self, value: Any, kind: str) -> None:
        if kind.startswith("*") and value in (None, "", []):
            raise Refusal(417, "MandatoryError")
        kind = kind.removeprefix("*").strip()
        what, _, of = kind.partition(" ")
        if value in (None, "", []):
            return
        if what == "Select" and value not in of.split(","):
            raise Refusal(417, "ValidationError")
        if what == LINK and value not in self._docs[of]:
            raise Refusal(417, "LinkValidationError")
        if what == "Rating" and not 0 <= value <= 1:
            raise Refusal(417, "ValidationError")
        if what == TABLE:
            for row in value:
                if set(row) - set(TABLES[of]):
                    raise Refusal(417, f"no field {sorted(row)} in {of}")
                for field, field_kind in TABLES[of].items():
                    self._check(row.get(field), field_kind)


def _renamed(rounds: str) -> Mapping[str, Mapping[str, str]]:
    """The doctypes of a version that calls rounds so."""
    field = rounds.lower().replace(" ", "_")
    doctypes = {name if name != "Interview Round" else rounds: fields for name, fields in DOCTYPES.items()}
    interview = {name: kind for name, kind in DOCTYPES["Interview"].items() if name != "interview_round"}
    return {**doctypes, "Interview": {**interview, field: f"* Link {rounds}"}}


def _overlaps(doc: Doc, other: Doc) -> bool:
    """As version 14 sees it: one lies within the other, or both begin at once; same interviewer or same applicant."""
    if other["name"] == doc["name"] or other["docstatus"] == 2:
        return False
    interviewers = [{row["interviewer"] for row in one["interview_details"]} for one in (doc, other)]
    if doc["job_applicant"] != other["job_applicant"] and not interviewers[0] & interviewers[1]:
        return False
    start, end, begins, ends = doc["from_time"], doc["to_time"], other["from_time"], other["to_time"]
    return bool((begins < start and ends > end) or (begins > start and ends < end) or begins == start)


def _holds(doc: Doc, field: str, operator: str, value: Any) -> bool:
    found = doc.get(field)
    match operator:
        case "=":
            return bool(found == value)
        case "!=":
            return bool(found != value)
        case "in":
            return bool(found in value)
        case ">":
            return bool(str(found) > value)
        case ">=":
            return bool(str(found) >= value)
    raise Refusal(417, "DataError")
