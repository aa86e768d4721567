"""Results of what others do for an application, over the API."""

from __future__ import annotations

from server.ehr.api.declaring import Call, operation
from server.ehr.api.record_models import FollowUp, FollowUpIn
from server.errors import UserError
from server.keys import RECORDS
from server.records.incoming import FollowUpReturned
from server.records.taking_in import NotKnownYet, NotTheirs
from server.storage.api_keys import Scope


@operation("POST", "/follow-ups/{follow_up_id}/result", scope=Scope.FOLLOW_UPS_WRITE)
async def report_follow_up(call: Call, follow_up_id: str, body: FollowUpIn) -> FollowUp:
    """Reports what came of an assessment, a background check, a department's rating or a training.

    The id is that of the message follow_up.ordered. The console's rules carry the application on from there; none of
    them rejects anybody. 409 when it was ordered of another system.
    """
    if body.score is not None and body.max_score is None:
        raise UserError("field_missing", field="max_score", params={"field": "max_score"})
    if body.score is not None and body.score > (body.max_score or 0):
        raise UserError("field_wrong", field="score", params={"field": "score"})
    records = call.app[RECORDS]
    returned = FollowUpReturned(
        follow_up_id, None, body.status, body.score, body.max_score, body.result.strip().lower(), body.url
    )
    try:
        await records.take(call.key.system, call.operation_id, [returned], call.now)
    except NotKnownYet:
        raise UserError("follow_up_unknown", status=404) from None
    except NotTheirs:
        raise UserError("follow_up_not_theirs", status=409) from None
    application_id = await records.applications.of_follow_up(follow_up_id) or ""
    found = (await records.log.state(application_id)).follow_up(follow_up_id)
    if found is None:
        raise UserError("follow_up_unknown", status=404)
    return FollowUp(id=found.id, application_id=application_id, kind=found.kind.value, status=found.status.value)
