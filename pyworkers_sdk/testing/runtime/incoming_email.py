"""Emails that come in to a fake runtime."""

from __future__ import annotations

import uuid
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any, NamedTuple

from ..._border import web
from ..._cpython.js_exception import JsException
from ...email import EmailMessage
from .events import Worker
from .host import FakeExecutionContext

__all__ = ["EmailOutcome", "ForwardedEmail", "RepliedEmail", "email"]


class ForwardedEmail(NamedTuple):
    """Where an email went."""

    rcpt_to: str
    headers: list[tuple[str, str]]
    """What was added to its own."""
    message_id: str


class RepliedEmail(NamedTuple):
    """An answer to an email."""

    from_: str
    raw: bytes
    """Its source."""
    message_id: str


class EmailOutcome(NamedTuple):
    """What became of an email."""

    outcome: str
    """ "ok" or "exception"."""
    reject_reason: str | None
    forwards: list[ForwardedEmail]
    replies: list[RepliedEmail]


class FakeForwardableEmailMessage:
    """JS: ForwardableEmailMessage, as miniflare delivers it."""

    def __init__(self, source: bytes, sender: str, to: str) -> None:
        setattr(self, "from", sender)
        self.to = to
        self.raw: web.ReadableStream = web.ReadableStream.of(source)
        self.rawSize: int = len(source)
        self.parsed: Message[str, str] = _parsed(source)
        # unfolded
        headers = [[name, " ".join(str(value).split())] for name, value in self.parsed.items()]
        self.headers: web.Headers = web.Headers(headers)
        self.reason: str | None = None
        self.forwards: list[ForwardedEmail] = []
        self.replies: list[RepliedEmail] = []

    def setReject(self, reason: str, /) -> None:
        self.reason = reason

    async def forward(self, rcptTo: str, headers: web.Headers | None = None, /) -> Any:
        added = [(name, value) for name, value in headers or ()]
        self.forwards.append(ForwardedEmail(rcptTo, added, _message_id()))
        return {"messageId": self.forwards[-1].message_id}

    async def reply(self, message: Any, /) -> Any:
        if not hasattr(message, "raw"):
            refused = "EmailReplyMessageBuilder is not currently supported"
            raise JsException("AssertionError", refused)
        if not self._replyable():
            raise JsException("Error", "Original email is not replyable")
        source: bytes = await web.Response(message.raw).arrayBuffer()
        sender: str = getattr(message, "from")
        self.replies.append(RepliedEmail(sender, self._checked(source, sender), _message_id()))
        return {"messageId": self.replies[-1].message_id}

    def _replyable(self) -> bool:
        said = self.headers.get("x-auto-response-suppress") or "none"
        automatic = self.headers.get("auto-submitted") or "no"
        references = self.headers.get("references")
        if said.lower() != "none" or automatic.lower() != "no":
            return False
        if (self.headers.get("in-reply-to") is None) is not (references is None):
            return False
        return references is None or len(references.split()) <= 100

    def _checked(self, source: bytes, sender: str) -> bytes:
        """The reply as it is sent, with References."""
        reply = _parsed(source)
        id = str(self.parsed["message-id"]).strip()
        earlier = (self.headers.get("references") or "").strip()
        references = reply["references"]
        wrong = None
        if parseaddr(str(reply["from"]))[1] != sender:
            wrong = "From: header does not match mail from"
        elif reply["message-id"] is None:
            wrong = "invalid message-id"
        elif reply["received"] is not None:
            wrong = "invalid headers set"
        elif reply["in-reply-to"] is None:
            wrong = "no In-Reply-To header found in reply message"
        elif str(reply["in-reply-to"]).strip() != id:
            wrong = "In-Reply-To does not match original Message-ID"
        elif references is not None and not (id in references and earlier in references):
            wrong = "provided References header is invalid"
        if wrong is not None:
            raise JsException("Error", wrong)
        if references is not None:
            return source
        return f"References: {' '.join(filter(None, [id, earlier]))}\r\n".encode() + source


async def email(
    worker: Worker, message: EmailMessage | bytes | str | Any, sender: str | None, to: str | None
) -> EmailOutcome:
    worker.needs("email")
    if not isinstance(message, EmailMessage):
        message = EmailMessage(sender or "", to or "", message)
    js = await message.to_js()
    source: bytes = await web.Response(js.raw).arrayBuffer()
    headers = _parsed(source)
    sender = sender or message.from_ or parseaddr(str(headers["from"] or ""))[1]
    to = to or message.to or parseaddr(str(headers["to"] or ""))[1]
    if not (sender and to):
        raise ValueError("an email needs from_ and to, or headers From and To")
    if headers["message-id"] is None:
        source = f"Message-ID: <{_message_id()}>\r\n".encode() + source
    given = FakeForwardableEmailMessage(source, sender, to)
    outcome = await worker.call(FakeExecutionContext(worker.script), "email", given)
    return EmailOutcome(outcome, given.reason, given.forwards, given.replies)


def _parsed(source: bytes) -> Message:
    return BytesHeaderParser().parsebytes(source)


def _message_id() -> str:
    return f"{uuid.uuid4().hex}@example.com"
