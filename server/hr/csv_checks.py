"""Every row of a list of candidates looked at: what to invite, and all that has to be put right, at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from question_flows.model import Flow, Language
from server.errors import UserError
from server.hr.csv_reading import Row
from server.interview.inviting import Wanted, checked
from server.storage.jobs import Job
from server.storage.search_key import plain

LANGUAGES: Mapping[str, Language] = {
    plain(name): language
    for language, names in {
        Language.ENGLISH: ("en", "english", "英语", "英文"),
        Language.CHINESE: (
            "zh-cn",
            "zh",
            "zh_cn",
            "zh-hans",
            "chinese",
            "mandarin",
            "中文",
            "汉语",
            "简体中文",
            "普通话",
        ),
    }.items()
    for name in names
}
FIELDS = {"candidate_name": "name", "flow_id": "job"}
"""The core's name of a field → the list's column."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What has to be put right. row: as a spreadsheet counts; column: empty for the whole row; code: of the text."""

    row: int
    column: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts where a row says nothing. job: None: the flow alone."""

    job: Job | None
    flow_id: str
    language: Language
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Known:
    """What rows are compared with."""

    flows: Mapping[str, Flow]
    jobs: Sequence[Job]
    jurisdictions: Sequence[str]


def flow_of_job(job: Job, flows: Mapping[str, Flow]) -> str:
    """The flow that is switched on. Raises UserError job_closed, job_without_flow, job_flow_gone."""
    if not job.is_open:
        raise UserError("job_closed", field="job", params={"job": job.title})
    if job.flow_id is None:
        raise UserError("job_without_flow", field="job", params={"job": job.title})
    if job.flow_id not in flows:
        raise UserError("job_flow_gone", field="job", params={"job": job.title, "flow": job.flow_id})
    return job.flow_id


def check_rows(rows: Sequence[Row], defaults: Defaults, known: Known) -> tuple[list[tuple[Row, Wanted]], list[Problem]]:
    """Each row that is right with what it asks for, and everything that is wrong with the others."""
    right: list[tuple[Row, Wanted]] = []
    problems: list[Problem] = []
    for row in rows:
        found = [Problem(row.number, "", "csv_cells")] if row.too_many else []
        wanted = _wanted(row, defaults, known, found)
        if wanted is not None and not found:
            right.append((row, wanted))
        problems += found
    return right, sorted([*problems, *_doubles(right)], key=lambda one: one.row)


def _wanted(row: Row, defaults: Defaults, known: Known, problems: list[Problem]) -> Wanted | None:
    def bad(column: str, code: str, **params: str) -> None:
        problems.append(Problem(row.number, column, code, params))

    job = _job(row, defaults, known, problems)
    language = LANGUAGES.get(plain(row.get("language")), None) if row.get("language") else defaults.language
    if language is None:
        bad("language", "csv_language", found=row.get("language")[:50])
    law = row.get("jurisdiction").upper() or defaults.jurisdiction
    if law not in known.jurisdictions:
        bad("jurisdiction", "csv_jurisdiction", found=law[:50], known=", ".join(known.jurisdictions))
    flow_id = defaults.flow_id
    if job is not None:
        try:
            flow_id = flow_of_job(job, known.flows)
        except UserError as error:
            bad("job", error.code, **error.params)
    flow = known.flows.get(flow_id)
    if flow is not None and language is not None and language not in flow.languages:
        bad("language", "language_not_offered")
    name, email = row.get("name"), row.get("email")
    # Looked at one by one, so that a row's mistakes are named together.
    for one in (
        Wanted(next(iter(known.flows)), _any_language(known), name, "", law or "-"),
        Wanted(next(iter(known.flows)), _any_language(known), "-", email, law or "-"),
    ):
        try:
            checked(one, known.flows)
        except UserError as error:
            bad(FIELDS.get(error.field or "", error.field or ""), error.code, **error.params)
    if problems or language is None:
        return None
    wanted = Wanted(flow_id, language, name, email, law, job_id=job.id if job else None)
    try:
        return replace(checked(wanted, known.flows), interview_id=None)
    except UserError as error:
        bad(FIELDS.get(error.field or "", error.field or ""), error.code, **error.params)
        return None


def _any_language(known: Known) -> Language:
    return next(iter(known.flows.values())).languages[0]


def _job(row: Row, defaults: Defaults, known: Known, problems: list[Problem]) -> Job | None:
    asked = plain(row.get("job"))
    if not asked:
        return defaults.job
    found = [job for job in known.jobs if asked in (plain(job.title), job.id)]
    # Closed ones of the same title do not get in the way.
    found = [job for job in found if job.is_open] or found
    if len(found) != 1:
        code = "csv_job_ambiguous" if found else "csv_job_unknown"
        problems.append(Problem(row.number, "job", code, {"job": row.get("job")[:100]}))
        return None
    return found[0]


def _doubles(right: Sequence[tuple[Row, Wanted]]) -> list[Problem]:
    first: dict[tuple[str, str], int] = {}
    problems = []
    for row, wanted in right:
        who = (wanted.email or f"\n{plain(wanted.candidate_name)}", wanted.job_id or wanted.flow_id)
        if who in first:
            column, code = ("email", "csv_double") if wanted.email else ("name", "csv_double_name")
            problems.append(Problem(row.number, column, code, {"row": str(first[who])}))
        else:
            first[who] = row.number
    return problems
