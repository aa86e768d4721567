"""What a connected system's file provides: sending one message, reading what comes in, looking for what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from server.delivery.safe_client import SafeClient
from server.records.incoming import Incoming


class BadSignature(Exception):
    """What came in is not from the connected system, or is too old or too new. Changes nothing."""


class Unreadable(Exception):
    """What came in is signed and still not what the system documents. field: what is wrong with it, for the log."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. id: the same at every attempt: the receiver's idempotency key.

    remote_ids: kind ("candidate", "application", "job", "interview", "follow_up") → what this system calls it.
    report_url: where HR reads the interview's report on this server; empty: it is about none.
    """

    id: str
    type: str
    body: Mapping[str, Any]
    interview_id: str | None
    application_id: str | None
    created_at: datetime
    attempt: int
    remote_ids: Mapping[str, str]
    report_url: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt.

    error: for HR's delivery log, empty on success; never a part of what was sent or answered. status: HTTP, if any.
    final: trying again cannot help; the message becomes a dead letter. gone: the system wants nothing any more (410),
    and the connection is switched off. learned: kind → remote id, to be kept, also when the attempt failed after that.
    """

    error: str = ""
    status: int | None = None
    retry_after: timedelta | None = None
    final: bool = False
    gone: bool = False
    learned: Mapping[str, str] | None = None

    @property
    def delivered(self) -> bool:
        """Whether the system has it."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Standing:
    """How an interview stands that the system ordered. status: as its list shows it, "completed" at its end.

    total: 0-10, people and machine combined once there is that; None: withheld, or not there yet. competencies: name →
    points 0-10, those that have some. report_url: where HR reads the report; there from the beginning.
    """

    status: str
    report_url: str
    total: float | None = None
    competencies: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up. flows: id → title, those that can be ordered. interview: None: this system ordered none such.

    waiting: its order is in the inbox, and the interview not made yet.
    """

    flows: Mapping[str, str] = field(default_factory=dict)
    interview: Standing | None = None
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """What `receive` has to know before it can answer: it is looked up, and `receive` called again with it.

    interview: as the system calls it. event_id: of the message that ordered it.
    """

    interview: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP request of the connected system, at an address of this connection. headers: names in lower case.

    path: behind the connection's address, without a slash in front. known: what a `LookUp` found.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, and what goes into the inbox first: (event_id, type, body), once per event_id.

    event_id: of 200 characters at most, type: of 60. poll_soon: what came is only a hint, which anybody could send:
    the system is asked what is new within seconds. send: a message (type, data) for the outbox to this very connection,
    written with what is kept and only if that is new: a call that the system expects in return.
    """

    status: int
    body: Mapping[str, Any] | Sequence[Any] | None = None
    keep: tuple[str, str, Mapping[str, Any]] | None = None
    poll_soon: bool = False
    send: tuple[str, Mapping[str, Any]] | None = None


class Connector(Protocol):
    """One connection to one system. Made anew when its settings change; holds no state of its own.

    Settings and Secrets: what HR fills in; every field has a description and both become a form. Secrets' fields are
    SecretStr. SUBSCRIPTIONS: message types that it can be sent; all are on when it is set up.
    client: `await client.request("POST", url, json=…)`; `answers.judged(response, now)` makes a Sent of what came,
    `answers.unanswered(error)` of a NoAnswer.
    """

    kind: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    Secrets: ClassVar[type[BaseModel]]
    SUBSCRIPTIONS: ClassVar[Sequence[str]]

    def __init__(self, settings: BaseModel, secrets: BaseModel, client: SafeClient) -> None: ...

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Sends it once. Raises nothing for what the system or the network does. Finds what an earlier attempt left."""
        ...

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Answers a request of the system's, or asks for what it has to know first, once the request is proven.

        Raises BadSignature (401) or Unreadable (400). Does no I/O.
        """
        ...

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """What a kept message means for the records. Raises Unreadable."""
        ...

    def poll(
        self, seen: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
        """What is new since `seen` (at first empty), page by page, each with the new `seen`, kept as JSON.

        Yields nothing if it has nothing to ask. Raises NoAnswer or Unreadable: it is asked again from the last `seen`.
        """
        ...
