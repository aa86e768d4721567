"""What came of an interview: transcript, scores, report; and people's ratings that another system passes on."""

from __future__ import annotations

from server.ehr.api.declaring import Call, operation
from server.ehr.api.interview_models import (
    CompetencyScore,
    InterviewTranscript,
    Rated,
    RatingIn,
    Report,
    Scores,
    TotalScore,
    TranscriptAnswer,
    Word,
)
from server.ehr.api.interviews import known
from server.errors import UserError
from server.interview import report as reports
from server.interview.combined import CombinedScore
from server.interview.commands import RateCompetency, RateDimension
from server.keys import INTERVIEWS
from server.storage.api_keys import Scope


@operation("GET", "/interviews/{interview_id}/transcript", scope=Scope.REPORTS_READ, audited="transcript_read")
async def get_transcript(call: Call, interview_id: str) -> InterviewTranscript:
    """Reads what was asked and answered, word by word, as far as the interview has got."""
    report, candidate_id = await _report(call, interview_id)
    return InterviewTranscript(
        interview_id=interview_id,
        candidate_id=candidate_id,
        language=report.language,
        answers=[
            TranscriptAnswer(
                question_id=one.question_id,
                question=one.question,
                mode=one.mode.value if one.mode else None,
                skipped=one.skipped,
                text=one.text,
                words=[
                    Word(text=word.text, start_ms=word.start_ms, end_ms=word.end_ms, confidence=word.confidence)
                    for word in (one.transcript.words if one.transcript else ())
                ],
                heard=one.heard.text if one.heard else None,
            )
            for one in report.answers
        ],
    )


@operation("GET", "/interviews/{interview_id}/scores", scope=Scope.REPORTS_READ, audited="report_read")
async def get_scores(call: Call, interview_id: str) -> Scores:
    """Reads the scores, of machine and people apart and together.

    They may change until `status` is completed, and whenever people rate or correct. A score without evidence is null.
    """
    report, candidate_id = await _report(call, interview_id)
    by_id = {one.id: one.score for one in report.people.competencies}
    return Scores(
        interview_id=interview_id,
        candidate_id=candidate_id,
        status=report.status.value,
        total=TotalScore(**_points(report.people.total)),
        withheld=report.score.withheld.value if report.score.withheld else None,
        confidence=report.score.confidence,
        coverage=report.score.coverage,
        competencies=[
            CompetencyScore(id=one.id, name=one.name, weight=one.weight, **_points(by_id[one.id]))
            for one in report.competencies
        ],
    )


@operation("GET", "/interviews/{interview_id}/report", scope=Scope.REPORTS_READ, audited="report_read")
async def get_report(call: Call, interview_id: str) -> Report:
    """Reads the whole report as far as the interview has got, with the evidence of every score."""
    report, candidate_id = await _report(call, interview_id)
    return Report(interview_id=interview_id, candidate_id=candidate_id, report=reports.report_json(report))


@operation("POST", "/interviews/{interview_id}/ratings", scope=Scope.RATINGS_WRITE, refuses=(503,))
async def rate_interview(call: Call, interview_id: str, body: RatingIn) -> Rated:
    """Passes on a person's rating of a competency, or of a dimension that people alone rate.

    Name one of the two. A later rating of the same person for it takes the former's place.
    """
    if (body.competency_id is None) == (body.dimension_id is None):
        raise UserError("rate_one", field="competency_id")
    await known(call, interview_id)
    session = await call.app[INTERVIEWS].get(interview_id)
    # No address of this console's: nobody's own rating can be replaced from outside.
    rater = f"{body.rater} ({call.key.system})"
    if body.competency_id is not None:
        command = RateCompetency(body.competency_id, body.points, body.reason, rater, body.department)
        state = await session.execute(command)
    else:
        state = await session.execute(
            RateDimension(body.dimension_id or "", body.points, body.reason, rater, body.department)
        )
    return Rated(interview_id=interview_id, seq=state.seq)


async def _report(call: Call, interview_id: str) -> tuple[reports.Report, str | None]:
    await known(call, interview_id)
    report: reports.Report = await call.app[INTERVIEWS].report(interview_id)
    row = await call.app[INTERVIEWS].event_log.row(interview_id)
    return report, row.candidate_id if row else None


def _points(score: CombinedScore) -> dict[str, float | str | None]:
    return {
        "machine": score.machine,
        "corrected": score.corrected,
        "human": score.human,
        "combined": score.combined,
        "missing": score.missing.value if score.missing else None,
    }
