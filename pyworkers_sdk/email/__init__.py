"""Email that comes in, ``ForwardableEmailMessage``, and what is sent back, ``EmailMessage``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast, overload

from .._border import JsWrapper, from_js, platform, prop, raising, raw, text, to_js, web
from ..errors import ConversionError, EmailError
from ..http import Headers
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .. import _js
    from .parts import EmailAddress, EmailAttachment

__all__ = ["EmailMessage", "EmailSendResult", "ForwardableEmailMessage", "ready_message"]

_raising = raising(EmailError)


class EmailSendResult(NamedTuple):
    """What was sent. JS: EmailSendResult."""

    message_id: str | None
    """None where the runtime does not say."""


class _HasBytes(Protocol):
    """The standard library's ``email.message.EmailMessage``, and its relatives."""

    def as_bytes(self) -> bytes: ...


class EmailMessage:
    """A message to send: the addresses on its envelope, and its MIME source with all headers.

    ``raw`` may be the standard library's ``email.message.EmailMessage``. Its From header must name
    ``from_``, and it needs a Message-ID.

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
        """Who sends it. JS: EmailMessage.from."""
        return self._from

    @property
    def to(self) -> str:
        """Who gets it. JS: EmailMessage.to."""
        return self._to

    async def to_js(self) -> Any:
        """JavaScript's own EmailMessage, whose class is a module's that loads when it is used."""
        module = await platform.js_module("cloudflare:email")
        source: Any = self._raw
        if isinstance(source, bytes):  # it takes text or a stream
            source = web.Response.new(to_js(source)).body
        return module.EmailMessage.new(self._from, self._to, source)

    def __repr__(self) -> str:
        return f"<EmailMessage from {self._from} to {self._to}>"


class ForwardableEmailMessage(JsWrapper["_js.ForwardableEmailMessage"]):
    """An email that an ``email`` handler gets: to forward, to reject or to answer.

    One that is neither forwarded nor rejected is dropped. It is at most 25 MiB.

    JS: ForwardableEmailMessage.
    """

    __slots__ = ()

    def __init__(self, message: _js.ForwardableEmailMessage) -> None:
        self._js = raw(message)

    @property
    def from_(self) -> str:
        """The sender on the envelope. JS: ForwardableEmailMessage.from."""
        sender: str = prop(self._js, "from")
        return sender

    @property
    def to(self) -> str:
        """The recipient on the envelope. JS: ForwardableEmailMessage.to."""
        return self._js.to

    @property
    def headers(self) -> Headers:
        """Its headers, Subject among them. JS: ForwardableEmailMessage.headers."""
        return Headers.from_js(self._js.headers)

    @property
    def raw(self) -> ReadableStream:
        """Its MIME source, to be read once; ``email.message_from_bytes(await
        message.raw.bytes())`` takes it apart. JS: ForwardableEmailMessage.raw."""
        return ReadableStream(self._js.raw)

    @property
    def raw_size(self) -> int:
        """How many bytes that is. JS: ForwardableEmailMessage.rawSize."""
        return self._js.rawSize

    @property
    def can_be_forwarded(self) -> bool:
        """Whether ``forward`` would take it; False too where the runtime does not say.

        JS: ForwardableEmailMessage.canBeForwarded.
        """
        return bool(prop(self._js, "canBeForwarded"))

    def set_reject(self, reason: str) -> None:
        """Refuse it: the sender is told ``reason``. JS: ForwardableEmailMessage.setReject."""
        with _raising:
            self._js.setReject(text(reason, "reason"))

    async def forward(
        self, rcpt_to: str, headers: Mapping[str, str] | Headers | None = None
    ) -> EmailSendResult:
        """Send it on to a verified address; of ``headers`` only those named X-… are allowed, though
        local development does not look.

        EmailError where the service refuses. JS: ForwardableEmailMessage.forward.
        """
        added = [] if headers is None else [Headers(headers).js_object]
        with _raising:
            return _result(from_js(await self._js.forward(text(rcpt_to, "rcpt_to"), *added)))

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
        """Answer the sender, once, from the domain that got this: with an ``EmailMessage``, whose
        In-Reply-To must be the Message-ID of this one, or with one of these parts, which local
        development refuses. It lets a second answer through, and one to somebody else.

        EmailError where the service refuses: an automatic email is not to be answered, say, nor one
        without a valid DMARC. JS: ForwardableEmailMessage.reply.
        """
        if message is not None:
            ready = await ready_message(message)
        else:
            from .parts import built  # few Workers answer

            parts = built(
                from_=from_,
                subject=subject,
                reply_to=reply_to,
                text=text,
                html=html,
                headers=headers,
                attachments=attachments,
            )
            ready = to_js(parts, "email")
        with _raising:
            return _result(from_js(await self._js.reply(ready)))

    def __repr__(self) -> str:
        return f"<ForwardableEmailMessage from {self.from_} to {self.to}>"


async def ready_message(message: Any) -> Any:
    """JavaScript's EmailMessage."""
    if isinstance(message, EmailMessage):
        return await message.to_js()
    if hasattr(message, "as_bytes"):  # the standard library's has the very name
        raise ConversionError(
            "message: a message of Python's email package has no envelope; make it "
            "EmailMessage(from_, to, message) of pyworkers_sdk first"
        )
    raise ConversionError(f"message: expected EmailMessage, got {type(message).__name__}")


def _source(source: Any) -> str | bytes:
    if isinstance(source, str):
        return text(source, "raw")
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(cast("bytes", source))
    if hasattr(source, "as_bytes"):
        made: bytes = source.as_bytes()
        return made
    raise ConversionError(f"raw: expected str, bytes or a message, got {type(source).__name__}")


def _result(found: dict[str, str] | None) -> EmailSendResult:
    return EmailSendResult((found or {}).get("messageId"))
