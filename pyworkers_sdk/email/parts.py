"""The parts of an email to send, and their conversion to the JavaScript API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from .._border import expected, text

__all__ = ["EmailAddress", "EmailAddresses", "EmailAttachment"]


class EmailAddress(NamedTuple):
    """A name and an address.

    Wherever this class is accepted, text such as ``"Ann <ann@example.com>"`` is accepted too.

    JS: EmailAddress.
    """

    name: str
    email: str


EmailAddresses: TypeAlias = str | EmailAddress | Iterable[str | EmailAddress]
"""A recipient, or an iterable of recipients."""


class EmailAttachment(NamedTuple):
    """A file that is attached to an email.

    JS: EmailAttachment.
    """

    filename: str
    """The name of the file."""
    content: str | bytes | bytearray | memoryview
    """The content of the file. The service decodes text as base64."""
    type: str = "application/octet-stream"
    """The media type."""
    disposition: Literal["attachment", "inline"] = "attachment"
    """"inline" for a file that the HTML shows, by ``cid:`` and its ``content_id``."""
    content_id: str | None = None
    """The id by which the HTML refers to the file."""


def message_parts(
    *,
    from_: str | EmailAddress | None,
    subject: str | None,
    reply_to: str | EmailAddress | None,
    text: str | None,
    html: str | None,
    headers: Mapping[str, str] | None,
    attachments: Iterable[EmailAttachment],
) -> dict[str, Any]:
    """Return the fields of JavaScript's EmailReplyMessageBuilder, as a dict to convert."""
    parts: dict[str, Any] = {"from": _address(from_, "from_"), "subject": _str(subject, "subject")}
    if reply_to is not None:
        parts["replyTo"] = _address(reply_to, "reply_to")
    for name, body in (("text", text), ("html", html)):
        if body is not None:
            parts[name] = _str(body, name)
    if headers:
        parts["headers"] = {
            _str(name, "headers"): _str(value, f"headers[{name!r}]")
            for name, value in headers.items()
        }
    # A NamedTuple is iterable: without this check its fields would count as attachments.
    if isinstance(attachments, EmailAttachment):
        raise expected(
            "attachments", "an iterable of EmailAttachment", attachments, "pass a list of one"
        )
    files = [
        _attachment(attachment, f"attachments[{index}]")
        for index, attachment in enumerate(attachments)
    ]
    if files:
        parts["attachments"] = files
    return parts


_str = text  # ``message_parts`` has a parameter with the name ``text``.


def _address(address: Any, name: str) -> Any:
    if isinstance(address, EmailAddress):
        return {
            "name": _str(address.name, f"{name}.name"),
            "email": _str(address.email, f"{name}.email"),
        }
    return _str(address, name)


def address_list(addresses: Any, name: str) -> list[Any]:
    """Return one recipient, or an iterable of recipients, as a list to convert."""
    if isinstance(addresses, (str, EmailAddress)):
        return [_address(addresses, name)]
    items = cast("Iterable[Any]", addresses)
    return [_address(address, f"{name}[{index}]") for index, address in enumerate(items)]


def _attachment(attachment: Any, name: str) -> dict[str, Any]:
    if not isinstance(attachment, EmailAttachment):
        raise expected(name, "EmailAttachment", attachment)
    content: Any = attachment.content
    if not isinstance(content, (bytes, bytearray, memoryview)):
        content = _str(content, f"{name}.content")
    fields: dict[str, Any] = {
        "filename": _str(attachment.filename, f"{name}.filename"),
        "type": _str(attachment.type, f"{name}.type"),
        "disposition": attachment.disposition,
        "content": content,
    }
    if attachment.content_id is not None:
        fields["contentId"] = _str(attachment.content_id, f"{name}.content_id")
    return fields
