"""``SendEmail``: email that the Worker sends, made of its parts or of MIME source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, overload

from .._border import JsWrapper, binding, from_js, raising, to_js
from .._border.rpc import method
from ..errors import EmailError
from . import EmailMessage, EmailSendResult, ready_message
from .parts import EmailAddress, EmailAddresses, EmailAttachment, addresses_of, built

if TYPE_CHECKING:
    from .. import _js

__all__ = ["EmailAddress", "EmailAddresses", "EmailAttachment", "SendEmail"]

_raising = raising(EmailError)


class SendEmail(JsWrapper["_js.SendEmail"]):
    """Sends email: ``MAILER: SendEmail`` in an Env.

    The configuration may say from whom and to whom. JS: SendEmail.
    """

    __slots__ = ()

    def __init__(self, mailer: _js.SendEmail) -> None:
        self._js = binding(mailer, "SendEmail", "send")

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
                if addresses := addresses_of(given, name):
                    parts[name] = addresses
            ready = to_js(parts, "email")
        with _raising:
            found: dict[str, str] | None = from_js(await method(self._js, "send", ready))
        return EmailSendResult((found or {}).get("messageId"))
