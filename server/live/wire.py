"""Live messages in the form pages get them."""

from __future__ import annotations

from server.live.messages import LiveEvent, LiveMessage, event_json
from server.sse import ServerSentEvent


def to_sse(message: LiveMessage) -> ServerSentEvent:
    """A stored event carries its seq as id, so that a browser that comes back names it; a signal has none."""
    if isinstance(message, LiveEvent):
        data = event_json(message.interview_id, message.event)
        return ServerSentEvent(event=message.event.type, data=data, id=message.event.seq)
    data = {"interview_id": message.interview_id, "after_seq": message.after_seq, **message.data}
    return ServerSentEvent(event=message.type, data=data)
