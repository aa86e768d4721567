"""Feishu Hire (飞书招聘), for which this server is a vendor of exams: it orders an interview, and gets its result.

After 《飞书招聘》「生态对接 - 笔试」 (open.feishu.cn/document): 创建试卷列表, 回传笔试安排结果, 回传笔试结果, and the
events 创建账号 and 创建笔试; 《事件订阅》「接收事件」 for signature and encryption. An account that is linked gets the
flows as papers; an exam that is created becomes an interview, whose link goes back as login_info; its report becomes
the exam's result. Every call overwrites what the same call said before, so that repeating one does no harm.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, Field, HttpUrl, SecretStr, model_validator

from question_flows.model import Language
from server.delivery.answers import judged, unanswered
from server.delivery.connector import BadSignature, Known, LookUp, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, Response, SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.feishu_cipher import decrypted
from server.ehr.connectors.report_notes import summary_of
from server.ehr.connectors.signed import OptionalKey, parsed
from server.records.incoming import CandidateSeen, Incoming, InterviewOrdered

PAPERS = "feishu.exam_papers"
"""Type of the message that an account's event makes us owe Feishu."""
OLDEST = timedelta(hours=8)
"""An event's last repetition comes 6 h and more after the first, and may carry the first's time."""
EARLIEST = timedelta(minutes=5)
RENEW_BEFORE = timedelta(minutes=10)
TOKEN_WRONG = (99991661, 99991663, 99991664, 99991668)
"""Codes for a token that is missing, wrong or has run out: a new one is fetched."""
LATER = (99991400, 99991429, 1061045, 99991672, 99991679)
"""Codes for too many calls, and for a permission that the app lacks and can be given meanwhile."""
REFUSED = (200, 400, 404)
"""HTTP statuses beside which another code means that the same call is refused for ever."""
ACCOUNT_CREATED, EXAM_CREATED = "hire.eco_account.created_v1", "hire.eco_exam.created_v1"

Id = Annotated[str, Field(min_length=1, max_length=200)]


class FeishuSettings(BaseModel):
    """The app in Feishu's developer console."""

    url: HttpUrl = Field(
        HttpUrl("https://open.feishu.cn"), description="Feishu's address, or https://open.larksuite.com for Lark."
    )
    app_id: str = Field(min_length=1, max_length=100, description="The app's App ID (cli_…).")
    language: Language = Field(Language.CHINESE, description="Language in which candidates are interviewed.")


class FeishuSecrets(BaseModel):
    """Of the app."""

    app_secret: SecretStr = Field(min_length=1, max_length=200, description="The app's App Secret.")
    encrypt_key: OptionalKey = Field(
        SecretStr(""), description="Encrypt Key of the app's events; with it, they are signed and encrypted."
    )
    verification_token: OptionalKey = Field(
        SecretStr(""), description="Verification Token of the app's events; needed where there is no Encrypt Key."
    )

    @model_validator(mode="after")
    def _can_be_proven(self) -> Self:
        if not self.encrypt_key.get_secret_value() and not self.verification_token.get_secret_value():
            raise ValueError("needs an Encrypt Key or a Verification Token")
        return self


class _Header(BaseModel):
    event_id: Id
    event_type: Annotated[str, Field(min_length=1, max_length=60)]
    token: str = ""


class _Event(BaseModel):
    type: str = ""
    challenge: str = ""
    token: str = ""
    header: _Header | None = None
    event: dict[str, Any] = {}


class _Account(BaseModel):
    account_id: Id


class _Mobile(BaseModel):
    code: Annotated[str, Field(max_length=10)] = ""
    number: Annotated[str, Field(max_length=40)] = ""


class _Person(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    mobile: _Mobile | None = None
    email: Annotated[str | None, Field(max_length=320)] = None


class _Exam(BaseModel):
    exam_id: Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,100}$")]
    account_id: Id
    paper_id: Id
    candidate_info: _Person


class Feishu:
    """Answers events at once and calls Feishu from the outbox. What it keeps in memory is the last token only."""

    kind: ClassVar[str] = "feishu"
    Settings: ClassVar[type[BaseModel]] = FeishuSettings
    Secrets: ClassVar[type[BaseModel]] = FeishuSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("interview.arranged", "report.ready", "report.updated")

    def __init__(self, settings: FeishuSettings, secrets: FeishuSecrets, client: SafeClient) -> None:
        self._url = str(settings.url).rstrip("/")
        self._app_id = settings.app_id
        self._language = settings.language
        self._app_secret = secrets.app_secret.get_secret_value()
        self._encrypt_key = secrets.encrypt_key.get_secret_value()
        self._token = secrets.verification_token.get_secret_value()
        self._client = client
        self._access: tuple[str, datetime] | None = None

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Papers, a link or a result; of interviews that others ordered, Feishu hears nothing."""
        data = message.body["data"]
        if message.type == PAPERS:
            return await self._post("/eco_exam_papers", data, now)
        exam = message.remote_ids.get("interview")
        if exam is None:
            return Sent()
        if message.type == "interview.arranged":
            login = {"result": 0, "msg": "success", "exam_login_info": {"exam_url": data["link"]}}
            return await self._post(f"/eco_exams/{exam}/login_info", login, now)
        result = _result(data, message.report_url)
        if result is None:
            # Feishu takes a number only, and none is made up: with people's points, report.updated has one.
            return Sent(error="total withheld", final=True)
        return await self._post(f"/eco_exams/{exam}/update_result", result, now)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Answers the challenge, and keeps proven events under their event_id."""
        event = self._proven(request, now)
        if event.type == "url_verification":
            return Reply(200, {"challenge": event.challenge})
        if event.header is None:
            raise Unreadable("header")
        header, body = event.header, {"event": event.event}
        keep = (header.event_id, header.event_type, body)
        if header.event_type == EXAM_CREATED:
            parsed(_Exam, event.event)
            return Reply(200, {}, keep=keep)
        if header.event_type == ACCOUNT_CREATED:
            account = parsed(_Account, event.event).account_id
            if request.known is None:
                return LookUp()
            return Reply(200, {}, keep=keep, send=(PAPERS, _papers(account, request.known)))
        return Reply(200, {})

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """An exam is an interview that Feishu orders; its paper is the flow."""
        if type_ != EXAM_CREATED:
            return ()
        exam = parsed(_Exam, body["event"])
        one = exam.candidate_info
        number = f"+{one.mobile.code.lstrip('+')}{one.mobile.number}" if one.mobile and one.mobile.number else None
        person = CandidateSeen(f"exam:{exam.exam_id}", one.name, one.email or None, number, self._language)
        return (InterviewOrdered(exam.exam_id, exam.paper_id, person),)

    poll = unasked.poll

    def _proven(self, request: Received, now: datetime) -> _Event:
        if not self._encrypt_key:
            event = parsed(_Event, request.raw)
        elif self._is_signed(request):
            self._prove_time(request, now)
            event = parsed(_Event, _opened(self._encrypt_key, request.raw))
        else:
            event = self._challenge(request)
        given = event.header.token if event.header else event.token
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            raise BadSignature("verification token")
        return event

    def _challenge(self, request: Received) -> _Event:
        """Feishu signs no challenge; that it is encrypted with the key proves as much.

        Whatever else is wrong gets the same answer: nobody learns from it what a message of somebody else's says,
        which CBC gives away to whoever can ask whether its end is well padded.
        """
        try:
            event = parsed(_Event, _opened(self._encrypt_key, request.raw))
        except Unreadable as error:
            raise BadSignature("not signed") from error
        if event.type != "url_verification":
            raise BadSignature("not signed")
        return event

    def _is_signed(self, request: Received) -> bool:
        seconds, nonce = (request.headers.get(f"x-lark-request-{name}", "") for name in ("timestamp", "nonce"))
        signed = sha256((seconds + nonce + self._encrypt_key).encode() + request.raw).hexdigest()
        return hmac.compare_digest(request.headers.get("x-lark-signature", "").encode(), signed.encode())

    def _prove_time(self, request: Received, now: datetime) -> None:
        seconds = request.headers.get("x-lark-request-timestamp", "")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
            raise BadSignature("X-Lark-Request-Timestamp")
        age = timedelta(seconds=now.timestamp() - int(seconds))
        if not -EARLIEST <= age <= OLDEST:
            raise BadSignature("too old or too new")

    async def _post(self, path: str, values: Mapping[str, Any], now: datetime) -> Sent:
        try:
            for fresh in (False, True):
                access = await self._access_token(now, fresh=fresh)
                response = await self._client.request(
                    "POST",
                    f"{self._url}/open-apis/hire/v1{path}",
                    headers={"Authorization": f"Bearer {access}"},
                    json=values,
                )
                if fresh or _code(response) not in TOKEN_WRONG:
                    break
        except NoAnswer as error:
            return unanswered(error)
        except _Refused as refused:
            return _told(refused.response, now)
        return _told(response, now, may_be_final=True)

    async def _access_token(self, now: datetime, *, fresh: bool) -> str:
        if self._access is not None and not fresh and now < self._access[1]:
            return self._access[0]
        response = await self._client.request(
            "POST",
            f"{self._url}/open-apis/auth/v3/tenant_access_token/internal",
            json={"app_id": self._app_id, "app_secret": self._app_secret},
        )
        if _code(response) != 0:
            raise _Refused(response)
        try:
            answer = parsed(_Access, response.body)
        except Unreadable as error:
            raise _Refused(response) from error
        self._access = (answer.tenant_access_token, now + timedelta(seconds=answer.expire) - RENEW_BEFORE)
        return answer.tenant_access_token


class _Access(BaseModel):
    code: Literal[0]
    tenant_access_token: Annotated[str, Field(min_length=1)]
    expire: int


class _Refused(Exception):
    """There is no token to be had."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def _opened(key: str, raw: bytes) -> bytes:
    try:
        sealed = json.loads(raw)["encrypt"]
        return decrypted(key, sealed)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadSignature("not encrypted with the key") from error


def _code(response: Response) -> int | None:
    """Feishu's own code: 0 is success, whatever the HTTP status; None: it is no answer of Feishu's."""
    try:
        code = response.json()["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) else None


def _told(response: Response, now: datetime, *, may_be_final: bool = False) -> Sent:
    code = _code(response)
    if response.ok and code == 0:
        return Sent(status=response.status)
    sent = judged(response, now)
    reset = response.headers.get("x-ogw-ratelimit-reset", "")
    wait = timedelta(seconds=min(int(reset), 3600)) if reset.isascii() and reset.isdigit() else sent.retry_after
    final = may_be_final and code is not None and code not in (*TOKEN_WRONG, *LATER) and response.status in REFUSED
    return Sent(
        error=f"code {code}" if code else f"HTTP {response.status}",
        status=response.status,
        retry_after=wait,
        final=final,
    )


def _papers(account_id: str, known: Known) -> Mapping[str, Any]:
    papers = [{"id": flow, "name": title[:255]} for flow, title in known.flows.items()]
    return {"account_id": account_id, "paper_list": papers}


def _result(report: Mapping[str, Any], url: str) -> Mapping[str, Any] | None:
    """Of 100, as text, like all of Feishu's results; None: the report has no total."""
    both = report["people"]["total"]
    total = both["corrected"] if both["combined"] is None else both["combined"]
    if total is None:
        return None
    when = datetime.fromisoformat(report["completed_at"])
    # Of each what counts: people's points where there are some, as in the total.
    scored = [(one, one.points) for one in summary_of(report).competencies if one.points is not None]
    return {
        "result": _of_100(total),
        "result_time": str(int(when.timestamp() * 1000)),
        "report_list": [{"name": str(report["title"]), "url": url}] if url else [],
        "detail_list": [{"id": one.id, "name": one.name, "result": _of_100(points)} for one, points in scored],
    }


def _of_100(points: float) -> str:
    return f"{points * 10:.1f}".removesuffix(".0")
