"""``ForwardableEmailMessage``: a received email. ``EmailMessage``: a message as MIME source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast, overload

from .._border import JsWrapper, expected, from_js, platform, prop, raising, raw, text, to_js, web
from ..errors import EmailError
from ..http import Headers
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from .parts import EmailAddress, EmailAttachment

__all__ = ["EmailMessage", "EmailSendResult", "ForwardableEmailMessage"]

_raising = raising(EmailError)


class EmailSendResult(NamedTuple):
    """The receipt of an email that was sent.

    JS: EmailSendResult.
    """

    message_id: str | None
    """The Message-ID, or None if the runtime does not report it."""


class _HasBytes(Protocol):
    """A message of the standard library, such as ``email.message.EmailMessage``."""

    def as_bytes(self) -> bytes: ...


class EmailMessage:
    """A message to send: the addresses on its envelope, and its MIME source with all headers.

    Args:
        from_: The sender on the envelope. The From header of the source must name this address.
        to: The recipient on the envelope.
        raw: The MIME source, as text or bytes, or the standard library's
            ``email.message.EmailMessage``. It needs a Message-ID header.

    Raises:
        ConversionError: An argument has another type.

    JS: EmailMessage, of cloudflare:email.
    """

    __slots__ = ("_from", "_raw", "_to")

    def __init__(
        self, from_: str, to: str, raw: str | bytes | bytearray | memoryview | _HasBytes
    ) -> None:
        self._from = text(from_, "from_")
        self._to = text(to, "to")
        self._raw = _source(raw)

    @property
    def from_(self) -> str:
        """The sender on the envelope.

        JS: EmailMessage.from.
        """
        return self._from

    @property
    def to(self) -> str:
        """The recipient on the envelope.

        JS: EmailMessage.to.
        """
        return self._to

    async def to_js(self) -> Any:
        """Return the message as JavaScript's EmailMessage."""
        # Most Workers never need this class, so its module loads on first use.
        module = await platform.js_module("cloudflare:email")
        source: Any = self._raw
        if isinstance(source, bytes):  # The constructor accepts text or a stream only.
            source = web.Response.new(to_js(source)).body
        return module.EmailMessage.new(self._from, self._to, source)

    def __repr__(self) -> str:
        return f"<EmailMessage from {self._from} to {self._to}>"


class ForwardableEmailMessage(JsWrapper["_js.ForwardableEmailMessage"]):
    """An email that an ``email`` handler receives. It can be forwarded, rejected or answered.

    An email that is neither forwarded nor rejected is dropped. Its size is at most 25 MiB.

    JS: ForwardableEmailMessage.
    """

    __slots__ = ()

    def __init__(self, message: _js.ForwardableEmailMessage) -> None:
        self._js = raw(message)

    @property
    def from_(self) -> str:
        """The sender on the envelope.

        JS: ForwardableEmailMessage.from.
        """
        sender: str = prop(self._js, "from")
        return sender

    @property
    def to(self) -> str:
        """The recipient on the envelope.

        JS: ForwardableEmailMessage.to.
        """
        return self._js.to

    @property
    def headers(self) -> Headers:
        """The headers of the email, including Subject.

        JS: ForwardableEmailMessage.headers.
        """
        return Headers.from_js(self._js.headers)

    @property
    def raw(self) -> ReadableStream:
        """The MIME source, as a stream that can be read once.

        ``email.message_from_bytes(await message.raw.bytes())`` of the standard library parses it.

        JS: ForwardableEmailMessage.raw.
        """
        return ReadableStream(self._js.raw)

    @property
    def raw_size(self) -> int:
        """The size of the MIME source in bytes.

        JS: ForwardableEmailMessage.rawSize.
        """
        return self._js.rawSize

    @property
    def can_be_forwarded(self) -> bool:
        """True if ``forward`` would accept this email. False if the runtime does not report it.

        JS: ForwardableEmailMessage.canBeForwarded.
        """
        return bool(prop(self._js, "canBeForwarded"))

    def set_reject(self, reason: str) -> None:
        """Reject the email and return a permanent SMTP error to the sender.

        Args:
            reason: The text that the sender receives.

        JS: ForwardableEmailMessage.setReject.
        """
        with _raising:
            self._js.setReject(text(reason, "reason"))

    async def forward(
        self, rcpt_to: str, headers: Mapping[str, str] | Headers | None = None
    ) -> EmailSendResult:
        """Forward the email to a verified address.

        Args:
            rcpt_to: The address. It must be a verified destination of the account.
            headers: Headers to add. Only names that begin with "X-" are allowed; wrangler's local
                development does not check this, the fake does.

        Raises:
            EmailError: The service refuses the email.

        JS: ForwardableEmailMessage.forward.
        """
        extra_headers = [] if headers is None else [Headers(headers).js_object]
        with _raising:
            result = await self._js.forward(text(rcpt_to, "rcpt_to"), *extra_headers)
            return send_result(from_js(result))

    @overload
    async def reply(self, message: EmailMessage, /) -> EmailSendResult: ...
    @overload
    async def reply(
        self,
        /,
        *,
        from_: str | EmailAddress,
        subject: str,
        reply_to: str | EmailAddress | None = None,
        text: str | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Iterable[EmailAttachment] = (),
    ) -> EmailSendResult: ...
    async def reply(
        self,
        message: EmailMessage | None = None,
        /,
        *,
        from_: str | EmailAddress | None = None,
        subject: str | None = None,
        reply_to: str | EmailAddress | None = None,
        text: str | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Iterable[EmailAttachment] = (),
    ) -> EmailSendResult:
        """Answer the sender of the email, with an ``EmailMessage`` or with the parts of a message.

        An email can be answered once, to its sender only, and from the domain that received it.
        The fake enforces this. Wrangler's local development does not, and it refuses a reply that
        is built from parts.

        Args:
            message: The reply. Its In-Reply-To header must be the Message-ID of this email.
            from_: The sender, if the reply is built from parts.
            subject: The subject. It is required if the reply is built from parts.
            reply_to: The address for further answers.
            text: The body as plain text.
            html: The body as HTML.
            headers: Further headers.
            attachments: Files to attach.

        Raises:
            ConversionError: An argument has another type, or ``from_`` or ``subject`` is missing.
            EmailError: The service refuses the reply, for example because the received email was
                sent automatically or has no valid DMARC.

        JS: ForwardableEmailMessage.reply.
        """
        if message is not None:
            reply = await to_js_message(message)
        else:
            from .parts import message_parts  # Few Workers reply, so the import waits until here.

            parts = message_parts(
                from_=from_,
                subject=subject,
                reply_to=reply_to,
                text=text,
                html=html,
                headers=headers,
                attachments=attachments,
            )
            reply = to_js(parts, "email")
        with _raising:
            return send_result(from_js(await self._js.reply(reply)))

    def __repr__(self) -> str:
        return f"<ForwardableEmailMessage from {self.from_} to {self.to}>"


async def to_js_message(message: Any) -> Any:
    """Return an EmailMessage of this package as JavaScript's EmailMessage."""
    if isinstance(message, EmailMessage):
        return await message.to_js()
    hint = ""
    # The standard library has a class of the same name, but its messages have no envelope.
    if isinstance(message, dict):
        hint = "pass its fields by name: send(from_=…, to=…, subject=…, text=…)"
    elif hasattr(message, "as_bytes"):
        hint = "pass EmailMessage(from_, to, message) of pyworkers_sdk"
    wanted = "EmailMessage of pyworkers_sdk"
    raise expected("message", wanted, cast(object, message), hint)


def _source(source: Any) -> str | bytes:
    if isinstance(source, str):
        return text(source, "raw")
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(cast("bytes", source))
    if hasattr(source, "as_bytes"):
        source_bytes: bytes = source.as_bytes()
        return source_bytes
    raise expected("raw", "str, bytes or a message", source)


def send_result(result: dict[str, str] | None) -> EmailSendResult:
    """Return the receipt that the runtime's answer contains."""
    # Some runtimes answer nothing (undefined).
    return EmailSendResult((result or {}).get("messageId"))
