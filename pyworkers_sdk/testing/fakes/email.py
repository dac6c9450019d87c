"""``FakeSendEmail``: the JavaScript API of the binding that sends email, over a list."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
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

__all__ = ["FakeSendEmail", "SentEmail", "configured", "reply_source", "send_email", "sent_emails"]

MAX_RECIPIENTS = 50
MAX_ATTACHMENTS = 32

# The runtime's own words, seen in workerd: quotes, never to be improved.
SENDER_NOT_ALLOWED = "email from {} not allowed"
RECIPIENT_NOT_ALLOWED = "email to {} not allowed"
NO_MESSAGE_ID = "invalid message-id"
OTHER_SENDER = "From: header does not match mail from"
RECEIVED_HEADER = "invalid headers set"

# Refusals of the service by code, as documented; no local runtime has them.
SERVICE_MESSAGES = {
    "E_FIELD_MISSING": "Required field is missing",
    "E_TOO_MANY_RECIPIENTS": "Too many recipients in to/cc/bcc arrays",
    "E_TOO_MANY_ATTACHMENTS": "Too many attachments in `attachments` array",
}


@dataclass(frozen=True)
class SentEmail:
    """An email that was sent. Addresses have no names."""

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
    """The MIME source, if the email was sent as an ``EmailMessage``."""


@yields_to_others
class FakeSendEmail:
    """JS: SendEmail, with the checks of miniflare.

    The fake also checks an email of parts for the limits in the documentation, and refuses it with
    the documented codes. Those refusals have not been verified on the service.
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
        # A recipient must be in each of these sets: a configuration may have both settings.
        self._destinations: list[set[str]] = []
        if destination_address is not None:
            self._destinations.append({destination_address})
        if allowed_destination_addresses is not None:
            self._destinations.append({*allowed_destination_addresses})
        self._senders = None if allowed_sender_addresses is None else {*allowed_sender_addresses}

    async def send(self, message: Any, /) -> dict[str, str]:
        is_mime_source = hasattr(message, "raw")
        email = await self._from_source(message) if is_mime_source else self._from_parts(message)
        self.sent.append(email)
        return {"messageId": email.message_id}

    def _check_addresses(self, sender: str, recipients: list[str]) -> None:
        if self._senders is not None and sender not in self._senders:
            raise JsException("Error", SENDER_NOT_ALLOWED.format(sender))
        for recipient in recipients:
            if any(recipient not in allowed for allowed in self._destinations):
                raise JsException("Error", RECIPIENT_NOT_ALLOWED.format(recipient))

    async def _from_source(self, message: Any) -> SentEmail:
        # The addresses come first, before the source is parsed.
        sender: str = getattr(message, "from")
        self._check_addresses(sender, [message.to])
        source: bytes = await web.Response(message.raw).arrayBuffer()
        parsed: MIMEMessage = BytesParser(policy=policy.default).parsebytes(source)  # type: ignore[assignment, unused-ignore]
        if parsed["message-id"] is None:
            raise JsException("Error", NO_MESSAGE_ID)
        if parseaddr(str(parsed["from"] or ""))[1] != sender:
            raise JsException("Error", OTHER_SENDER)
        if parsed["received"] is not None:
            raise JsException("Error", RECEIVED_HEADER)
        return SentEmail(
            _message_id(sender),
            sender,
            [message.to],
            str(parsed["subject"] or ""),
            _content(parsed, "plain"),
            _content(parsed, "html"),
            # One value per name: a repeated header keeps the last.
            headers={name: str(value) for name, value in parsed.items()},
            raw=source,
        )

    def _from_parts(self, parts: dict[str, Any]) -> SentEmail:
        sender = _address(parts["from"])
        to, cc, bcc = (list(map(_address, parts.get(name, ()))) for name in ("to", "cc", "bcc"))
        # The local simulation checks only "to", not "cc" and "bcc" (contract:
        # test_send_of_parts_respects_allowed_addresses).
        self._check_addresses(sender, to)
        attachments = [_attachment(attachment) for attachment in parts.get("attachments", ())]
        if not (to or cc or bcc):
            raise _service_error("E_FIELD_MISSING")
        if len(to) + len(cc) + len(bcc) > MAX_RECIPIENTS:
            raise _service_error("E_TOO_MANY_RECIPIENTS")
        if len(attachments) > MAX_ATTACHMENTS:
            raise _service_error("E_TOO_MANY_ATTACHMENTS")
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
    # The form of miniflare: 36 letters and digits at the sender's domain.
    return f"<{''.join(choices(ascii_letters + digits, k=36))}@{sender.rpartition('@')[2]}>"


def _address(address: Any) -> str:
    if isinstance(address, str):
        return parseaddr(address)[1] or address
    email: str = address["email"]
    return email


def _attachment(fields: dict[str, Any]) -> EmailAttachment:
    return EmailAttachment(
        fields["filename"],
        fields["content"],
        fields["type"],
        fields["disposition"],
        fields.get("contentId"),
    )


def _content(message: MIMEMessage, subtype: str) -> str | None:
    part = message.get_body((subtype,))
    return None if part is None else part.get_content()


def reply_source(parts: dict[str, Any], recipient: str, in_reply_to: str) -> tuple[str, bytes]:
    """Return the sender and the MIME source of a reply that is built from parts."""
    sender = _address(parts["from"])
    reply = MIMEMessage()
    reply["From"] = _written(parts["from"])
    reply["To"] = recipient
    reply["Subject"] = parts["subject"]
    reply["Message-ID"] = _message_id(sender)
    reply["In-Reply-To"] = in_reply_to.strip()
    if "replyTo" in parts:
        reply["Reply-To"] = _written(parts["replyTo"])
    for name, value in parts.get("headers", {}).items():
        reply[name] = value
    if "text" in parts or "html" not in parts:
        reply.set_content(parts.get("text", ""))
    if "html" in parts:
        reply.add_alternative(parts["html"], subtype="html")
    for attachment in map(_attachment, parts.get("attachments", ())):
        content = attachment.content
        data = b64decode(content) if isinstance(content, str) else bytes(content)
        main_type, _, subtype = attachment.type.partition("/")
        reply.add_attachment(
            data,
            main_type,
            subtype,
            filename=attachment.filename,
            disposition=attachment.disposition,
            cid=attachment.content_id and f"<{attachment.content_id}>",
        )
    return sender, reply.as_bytes(policy=policy.SMTP)


def _written(address: Any) -> Any:
    """Return an address with its name, for a header."""
    if isinstance(address, str):
        return address
    return Address(address["name"], addr_spec=address["email"])


def _service_error(code: str) -> JsException:
    error = JsException("Error", SERVICE_MESSAGES[code])
    error.code = code
    return error


def send_email(
    *,
    destination_address: str | None = None,
    allowed_destination_addresses: Iterable[str] | None = None,
    allowed_sender_addresses: Iterable[str] | None = None,
) -> SendEmail:
    """Return a fake that restricts senders and recipients, as a configuration can.

    ``fake(SendEmail)`` returns a fake without restrictions.

    Args:
        destination_address: The only recipient that is allowed.
        allowed_destination_addresses: The recipients that are allowed.
        allowed_sender_addresses: The senders that are allowed.
    """
    return SendEmail(
        FakeSendEmail(destination_address, allowed_destination_addresses, allowed_sender_addresses)
    )


def sent_emails(mailer: SendEmail) -> list[SentEmail]:
    """Return the emails that a fake sent, in order.

    Raises:
        TypeError: ``mailer`` is not from ``fake()`` or ``send_email()``.
    """
    inside = raw(mailer)
    if not isinstance(inside, FakeSendEmail):
        raise TypeError(
            f"sent_emails(): expected a SendEmail that fake() made, got {type(inside).__name__}"
        )
    return [*inside.sent]


def configured(bound: Bound, worker: Worker) -> FakeSendEmail:
    """Return the fake for a binding of a configuration file."""
    settings = bound.settings
    return FakeSendEmail(
        settings.destination_address,
        settings.allowed_destination_addresses,
        settings.allowed_sender_addresses,
        clock=worker.script.host.clock,
    )
