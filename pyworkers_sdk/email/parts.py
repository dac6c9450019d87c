"""The parts of an email to send, and the JavaScript object they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from .._border import text
from ..errors import ConversionError

__all__ = ["EmailAddress", "EmailAddresses", "EmailAttachment", "addresses_of", "built"]


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


def addresses_of(given: Any, name: str) -> list[Any]:
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
