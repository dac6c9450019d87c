"""Email that is sent, over memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage as MIMEMessage
from email.parser import BytesParser
from email.utils import parseaddr
from random import choices
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ...email.sending import EmailAttachment, SendEmail
from .._clock import Clock
from ..runtime.scheduling import yields_to_others

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = ["FakeSendEmail", "SentEmail", "configured", "send_email", "sent_emails"]

MAX_RECIPIENTS = 50
MAX_ATTACHMENTS = 32


@dataclass(frozen=True)
class SentEmail:
    """An email that was sent. Addresses are without the names."""

    message_id: str
    from_: str
    to: list[str]
    subject: str
    text: str | None = None
    html: str | None = None
    cc: list[str] = field(default_factory=list[str])
    bcc: list[str] = field(default_factory=list[str])
    reply_to: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    attachments: list[EmailAttachment] = field(default_factory=list[EmailAttachment])
    raw: bytes | None = None
    """The source, if it was sent as an ``EmailMessage``."""


@yields_to_others
class FakeSendEmail:
    """JS: SendEmail, with what miniflare checks.

    An email of parts is checked for what the documentation says besides, with its codes; that was
    not seen on the service.
    """

    def __init__(
        self,
        destination_address: str | None = None,
        allowed_destination_addresses: Iterable[str] | None = None,
        allowed_sender_addresses: Iterable[str] | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock
        self.sent: list[SentEmail] = []
        only = None if destination_address is None else {destination_address}
        many = allowed_destination_addresses
        self._destinations = [
            allowed for allowed in (only, many and {*many}) if allowed is not None
        ]
        self._senders = None if allowed_sender_addresses is None else {*allowed_sender_addresses}

    async def send(self, message: Any, /) -> dict[str, str]:
        is_source = hasattr(message, "raw")
        sent = await self._of_source(message) if is_source else self._of_parts(message)
        self.sent.append(sent)
        return {"messageId": sent.message_id}

    def _allow(self, sender: str, recipients: list[str]) -> None:
        if self._senders is not None and sender not in self._senders:
            raise JsException("Error", f"email from {sender} not allowed")
        for one in recipients:
            if any(one not in allowed for allowed in self._destinations):
                raise JsException("Error", f"email to {one} not allowed")

    async def _of_source(self, message: Any) -> SentEmail:
        sender: str = getattr(message, "from")
        self._allow(sender, [message.to])
        source: bytes = await web.Response(message.raw).arrayBuffer()
        parsed: MIMEMessage = BytesParser(policy=policy.default).parsebytes(source)  # type: ignore[assignment, unused-ignore]
        if parsed["message-id"] is None:
            raise JsException("Error", "invalid message-id")
        if parseaddr(str(parsed["from"] or ""))[1] != sender:
            raise JsException("Error", "From: header does not match mail from")
        if parsed["received"] is not None:
            raise JsException("Error", "invalid headers set")
        return SentEmail(
            _message_id(sender),
            sender,
            [message.to],
            str(parsed["subject"] or ""),
            _content(parsed, "plain"),
            _content(parsed, "html"),
            headers={name: str(value) for name, value in parsed.items()},
            raw=source,
        )

    def _of_parts(self, parts: dict[str, Any]) -> SentEmail:
        sender = _address(parts["from"])
        to, cc, bcc = (list(map(_address, parts.get(name, ()))) for name in ("to", "cc", "bcc"))
        self._allow(sender, to)
        attachments = [_attachment(one) for one in parts.get("attachments", ())]
        if not (to or cc or bcc):
            raise _refused("E_FIELD_MISSING", "Required field is missing")
        if len(to) + len(cc) + len(bcc) > MAX_RECIPIENTS:
            raise _refused("E_TOO_MANY_RECIPIENTS", "Too many recipients in to/cc/bcc arrays")
        if len(attachments) > MAX_ATTACHMENTS:
            raise _refused("E_TOO_MANY_ATTACHMENTS", "Too many attachments in `attachments` array")
        return SentEmail(
            _message_id(sender),
            sender,
            to,
            parts["subject"],
            parts.get("text"),
            parts.get("html"),
            cc,
            bcc,
            _address(parts["replyTo"]) if "replyTo" in parts else None,
            parts.get("headers", {}),
            attachments,
        )


def _message_id(sender: str) -> str:
    return f"<{''.join(choices(ascii_letters + digits, k=36))}@{sender.rpartition('@')[2]}>"


def _address(given: Any) -> str:
    if isinstance(given, str):
        return parseaddr(given)[1] or given
    found: str = given["email"]
    return found


def _attachment(given: dict[str, Any]) -> EmailAttachment:
    return EmailAttachment(
        given["filename"],
        given["content"],
        given["type"],
        given["disposition"],
        given.get("contentId"),
    )


def _content(message: MIMEMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else part.get_content()


def _refused(code: str, message: str) -> JsException:
    error = JsException("Error", message)
    error.code = code
    return error


def send_email(
    *,
    destination_address: str | None = None,
    allowed_destination_addresses: Iterable[str] | None = None,
    allowed_sender_addresses: Iterable[str] | None = None,
) -> SendEmail:
    """A fake that sends email to and from these addresses alone, as a configuration says it;
    ``fake(SendEmail)`` has no such limits."""
    return SendEmail(
        FakeSendEmail(destination_address, allowed_destination_addresses, allowed_sender_addresses)
    )


def sent_emails(mailer: SendEmail) -> list[SentEmail]:
    """What was sent by a fake, in its order."""
    inside = raw(mailer)
    if not isinstance(inside, FakeSendEmail):
        raise TypeError(f"sent_emails() looks into a mailer that fake() made, not {type(inside)}")
    return [*inside.sent]


def configured(bound: Bound, worker: Worker) -> FakeSendEmail:
    settings = bound.settings
    return FakeSendEmail(
        settings.destination_address,
        settings.allowed_destination_addresses,
        settings.allowed_sender_addresses,
        clock=worker.script.host.clock,
    )
