"""Deliver an incoming email to a Worker's ``email`` handler."""

from __future__ import annotations

import uuid
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any, NamedTuple

from ..._border import web
from ..._cpython.js_exception import JsException
from ...email import EmailMessage
from ..fakes.email import reply_source
from .events import Worker
from .host import FakeExecutionContext

__all__ = ["EmailOutcome", "ForwardedEmail", "RepliedEmail", "email"]


class ForwardedEmail(NamedTuple):
    """An email that the handler forwarded."""

    rcpt_to: str
    """The recipient."""
    headers: list[tuple[str, str]]
    """The headers that were added to the email."""
    message_id: str
    """The Message-ID of the forwarded email."""


class RepliedEmail(NamedTuple):
    """A reply to an email."""

    from_: str
    """The sender of the envelope."""
    raw: bytes
    """The source of the reply, with the header References."""
    message_id: str
    """The Message-ID of the reply."""


class EmailOutcome(NamedTuple):
    """The outcome of an incoming email."""

    outcome: str
    """ "ok" or "exception"."""
    reject_reason: str | None
    """The reason passed to ``set_reject``; None if the email was not rejected."""
    forwards: list[ForwardedEmail]
    """The forwarded copies, oldest first."""
    replies: list[RepliedEmail]
    """The replies, oldest first."""


# The runtime's own words, asserted in tests/real/test_handlers.py.
NOT_REPLYABLE = "Original email is not replyable"

# Rules that the service documents, in our words: no local runtime enforces them.
ONE_REPLY = "the email was already replied to; only one reply is allowed"
OTHER_RECIPIENT = "the recipient of a reply must be the sender of the email, {}"
OTHER_DOMAIN = "the sender of a reply must be of the domain that received the email, {}"
ONLY_X_HEADERS = 'only headers that begin with "X-" can be added to a forwarded email, not {}'


class FakeForwardableEmailMessage:
    """An incoming email. JS: ForwardableEmailMessage.

    It is delivered as by miniflare, with two exceptions. The rules of production that miniflare
    lacks are enforced too. A reply of parts is sent, although miniflare refuses it.
    """

    def __init__(self, source: bytes, sender: str, to: str) -> None:
        setattr(self, "from", sender)
        self.to = to
        self.raw: web.ReadableStream = web.ReadableStream.of(source)
        self.rawSize: int = len(source)
        self.parsed: Message[str, str] = _parsed(source)
        # A folded header ("a\r\n b") is one line for JavaScript.
        headers = [[name, " ".join(str(value).split())] for name, value in self.parsed.items()]
        self.headers: web.Headers = web.Headers(headers)
        self.reason: str | None = None
        self.forwards: list[ForwardedEmail] = []
        self.replies: list[RepliedEmail] = []

    def setReject(self, reason: str, /) -> None:
        self.reason = reason

    async def forward(self, rcptTo: str, headers: web.Headers | None = None, /) -> Any:
        added = [(name, value) for name, value in headers or ()]
        for name, _ in added:
            if not name.startswith("x-"):
                raise JsException("Error", ONLY_X_HEADERS.format(name))
        self.forwards.append(ForwardedEmail(rcptTo, added, _message_id()))
        return {"messageId": self.forwards[-1].message_id}

    async def reply(self, message: Any, /) -> Any:
        if self.replies:
            raise JsException("Error", ONE_REPLY)
        if not self._is_replyable():
            raise JsException("Error", NOT_REPLYABLE)
        if hasattr(message, "raw"):
            sender: str = getattr(message, "from")
            self._check_addresses(sender, message.to)
            source: bytes = await web.Response(message.raw).arrayBuffer()
        else:
            recipient: str = getattr(self, "from")
            sender, source = reply_source(message, recipient, str(self.parsed["message-id"]))
            self._check_addresses(sender, recipient)
        reply = self._with_references(source, sender)
        self.replies.append(RepliedEmail(sender, reply, _message_id()))
        return {"messageId": self.replies[-1].message_id}

    def _check_addresses(self, sender: str, recipient: str) -> None:
        received_from: str = getattr(self, "from")
        if recipient.lower() != received_from.lower():
            raise JsException("Error", OTHER_RECIPIENT.format(received_from))
        domain = _domain(self.to)
        if _domain(sender) != domain:
            raise JsException("Error", OTHER_DOMAIN.format(domain))

    def _is_replyable(self) -> bool:
        """Return False for automatic mail, broken threading headers, or over 100 references."""
        suppressed = self.headers.get("x-auto-response-suppress") or "none"
        automatic = self.headers.get("auto-submitted") or "no"
        references = self.headers.get("references")
        if suppressed.lower() != "none" or automatic.lower() != "no":
            return False
        if (self.headers.get("in-reply-to") is None) is not (references is None):
            return False
        return references is None or len(references.split()) <= 100

    def _with_references(self, source: bytes, sender: str) -> bytes:
        """Check a reply, and return its source with the header References.

        The checks are miniflare's, in its order.
        """
        reply = _parsed(source)
        id = str(self.parsed["message-id"]).strip()
        earlier = (self.headers.get("references") or "").strip()
        references = reply["references"]
        fault = None
        if parseaddr(str(reply["from"]))[1] != sender:
            fault = "From: header does not match mail from"
        elif reply["message-id"] is None:
            fault = "invalid message-id"
        elif reply["received"] is not None:
            fault = "invalid headers set"
        elif reply["in-reply-to"] is None:
            fault = "no In-Reply-To header found in reply message"
        elif str(reply["in-reply-to"]).strip() != id:
            fault = "In-Reply-To does not match original Message-ID"
        elif references is not None and not (id in references and earlier in references):
            fault = "provided References header is invalid"
        if fault is not None:
            raise JsException("Error", fault)
        if references is not None:
            return source
        return f"References: {' '.join(filter(None, [id, earlier]))}\r\n".encode() + source


async def email(
    worker: Worker, message: EmailMessage | bytes | str | Any, sender: str | None, to: str | None
) -> EmailOutcome:
    """Call the ``email`` handler with a message, and return the outcome.

    Raises:
        ValueError: Sender or recipient is missing, in the arguments and in the headers.
    """
    worker.needs("email")
    if not isinstance(message, EmailMessage):
        message = EmailMessage(sender or "", to or "", message)
    js = await message.to_js()
    source: bytes = await web.Response(js.raw).arrayBuffer()
    headers = _parsed(source)
    sender = sender or message.from_ or parseaddr(str(headers["from"] or ""))[1]
    to = to or message.to or parseaddr(str(headers["to"] or ""))[1]
    if not (sender and to):
        raise ValueError(
            "email(): expected a sender and a recipient; pass from_ and to, or set the headers "
            "From and To"
        )
    if headers["message-id"] is None:
        source = f"Message-ID: <{_message_id()}>\r\n".encode() + source
    event = FakeForwardableEmailMessage(source, sender, to)
    outcome = await worker.call(FakeExecutionContext(worker.script), "email", event)
    return EmailOutcome(outcome, event.reason, event.forwards, event.replies)


def _parsed(source: bytes) -> Message:
    return BytesHeaderParser().parsebytes(source)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _message_id() -> str:
    return f"{uuid.uuid4().hex}@example.com"
