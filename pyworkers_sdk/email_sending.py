"""``SendEmail``: email that the Worker sends, made of its parts or of MIME source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast, overload

from ._ffi import binding, from_js, method, raising, text, to_js
from .email import EmailMessage, EmailSendResult, ready_message
from .errors import ConversionError, EmailError

if TYPE_CHECKING:
    from . import _sys

__all__ = ["EmailAddress", "EmailAddresses", "EmailAttachment", "SendEmail", "built"]

_raising = raising(EmailError)


class EmailAddress(NamedTuple):
    """A name and an address; plain text does too: ``"Ann <ann@example.com>"``.

    JS: EmailAddress.
    """

    name: str
    email: str


EmailAddresses: TypeAlias = str | EmailAddress | Iterable[str | EmailAddress]
"""One recipient, or several."""


class EmailAttachment(NamedTuple):
    """A file that goes with an email. Text is taken for base64 by the service; bytes are bytes.

    ``disposition`` "inline" is for what the HTML shows by ``cid:`` and the ``content_id``.

    JS: EmailAttachment.
    """

    filename: str
    content: str | bytes | bytearray | memoryview
    type: str = "application/octet-stream"
    disposition: Literal["attachment", "inline"] = "attachment"
    content_id: str | None = None


class SendEmail:
    """Sends email: ``MAILER: SendEmail`` in an Env.

    The configuration may say from whom and to whom. JS: SendEmail.
    """

    __slots__ = ("_js",)

    def __init__(self, mailer: _sys.SendEmail) -> None:
        self._js: _sys.SendEmail = binding(mailer, "SendEmail", "send")

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    @overload
    async def send(self, message: EmailMessage, /) -> EmailSendResult: ...
    @overload
    async def send(
        self,
        /,
        *,
        from_: str | EmailAddress,
        subject: str,
        to: EmailAddresses = (),
        cc: EmailAddresses = (),
        bcc: EmailAddresses = (),
        reply_to: str | EmailAddress | None = None,
        text: str | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Iterable[EmailAttachment] = (),
    ) -> EmailSendResult: ...
    async def send(
        self,
        message: EmailMessage | None = None,
        /,
        *,
        from_: str | EmailAddress | None = None,
        subject: str | None = None,
        to: EmailAddresses = (),
        cc: EmailAddresses = (),
        bcc: EmailAddresses = (),
        reply_to: str | EmailAddress | None = None,
        text: str | None = None,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Iterable[EmailAttachment] = (),
    ) -> EmailSendResult:
        """Send an email: an ``EmailMessage``, or one of these parts.

        At most 50 recipients in all, 998 characters of subject, 16 KB of headers, 32 attachments
        and 5 MiB together (25 MiB to verified addresses). ``headers`` are named X-…, or are on a
        list of the service's; Date, Message-ID and the like are its own. EmailError where the
        service refuses, with its ``code``: "E_SENDER_NOT_VERIFIED", "E_RECIPIENT_NOT_ALLOWED",
        "E_TOO_MANY_RECIPIENTS", "E_HEADER_NOT_ALLOWED", … JS: SendEmail.send.
        """
        if message is not None:
            ready = await ready_message(message)
        else:
            parts = built(
                from_=from_,
                subject=subject,
                reply_to=reply_to,
                text=text,
                html=html,
                headers=headers,
                attachments=attachments,
            )
            for name, given in (("to", to), ("cc", cc), ("bcc", bcc)):
                if addresses := _addresses(given, name):
                    parts[name] = addresses
            ready = to_js(parts, "email")
        with _raising:
            found: dict[str, str] | None = from_js(await method(self._js, "send", ready))
        return EmailSendResult((found or {}).get("messageId"))


def built(
    *,
    from_: str | EmailAddress | None,
    subject: str | None,
    reply_to: str | EmailAddress | None,
    text: str | None,
    html: str | None,
    headers: Mapping[str, str] | None,
    attachments: Iterable[EmailAttachment],
) -> dict[str, Any]:
    """JS: EmailReplyMessageBuilder, to be converted."""
    made: dict[str, Any] = {"from": _address(from_, "from_"), "subject": _str(subject, "subject")}
    if reply_to is not None:
        made["replyTo"] = _address(reply_to, "reply_to")
    for name, given in (("text", text), ("html", html)):
        if given is not None:
            made[name] = _str(given, name)
    if headers:
        made["headers"] = {
            _str(name, "headers"): _str(value, f"headers[{name!r}]")
            for name, value in headers.items()
        }
    if isinstance(attachments, EmailAttachment):  # whose fields would be taken for several
        raise ConversionError("attachments: expected a list of EmailAttachment, got one of them")
    if files := [_attachment(one, f"attachments[{at}]") for at, one in enumerate(attachments)]:
        made["attachments"] = files
    return made


_str = text


def _address(given: Any, name: str) -> Any:
    if isinstance(given, EmailAddress):
        return {
            "name": _str(given.name, f"{name}.name"),
            "email": _str(given.email, f"{name}.email"),
        }
    return _str(given, name)


def _addresses(given: Any, name: str) -> list[Any]:
    if isinstance(given, (str, EmailAddress)):
        return [_address(given, name)]
    several = cast("Iterable[Any]", given)
    return [_address(one, f"{name}[{at}]") for at, one in enumerate(several)]


def _attachment(given: Any, name: str) -> dict[str, Any]:
    if not isinstance(given, EmailAttachment):
        kind = type(given).__name__
        raise ConversionError(f"{name}: expected EmailAttachment, got {kind}")
    content: Any = given.content
    if not isinstance(content, (bytes, bytearray, memoryview)):
        content = _str(content, f"{name}.content")
    made: dict[str, Any] = {
        "filename": _str(given.filename, f"{name}.filename"),
        "type": _str(given.type, f"{name}.type"),
        "disposition": given.disposition,
        "content": content,
    }
    if given.content_id is not None:
        made["contentId"] = _str(given.content_id, f"{name}.content_id")
    return made
