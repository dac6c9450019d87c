"""``SendEmail``: the binding that sends email, from its parts or from MIME source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, overload

from .._border import JsWrapper, binding, from_js, raising, to_js
from .._border.rpc import method
from ..errors import EmailError
from . import EmailMessage, EmailSendResult, send_result, to_js_message
from .parts import EmailAddress, EmailAddresses, EmailAttachment, address_list, message_parts

if TYPE_CHECKING:
    from .. import _js

__all__ = ["EmailAddress", "EmailAddresses", "EmailAttachment", "SendEmail"]

_raising = raising(EmailError)


class SendEmail(JsWrapper["_js.SendEmail"]):
    """The binding that sends email: ``MAILER: SendEmail`` in an Env.

    The configuration may restrict the senders and the recipients.

    JS: SendEmail.
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
        """Send an email: an ``EmailMessage``, or a message that is built from parts.

        The size of a message is at most 5 MiB, or 25 MiB to verified addresses.

        Args:
            message: The message as MIME source. Pass it without the other arguments.
            from_: The sender.
            subject: The subject, at most 998 characters.
            to: The recipients. ``to``, ``cc`` and ``bcc`` together have 1 to 50 recipients.
            cc: The recipients of copies.
            bcc: The recipients of copies that other recipients do not see.
            reply_to: The address for answers.
            text: The body as plain text.
            html: The body as HTML.
            headers: Further headers, at most 16 KB. The names begin with "X-", or are on a list of
                the service. The service sets Date, Message-ID and similar headers itself.
            attachments: At most 32 files.

        Raises:
            ConversionError: An argument has another type, or ``from_`` or ``subject`` is missing.
            EmailError: The service refuses the message. Its ``code`` is "E_SENDER_NOT_VERIFIED",
                "E_RECIPIENT_NOT_ALLOWED", "E_TOO_MANY_RECIPIENTS", "E_HEADER_NOT_ALLOWED", …

        JS: SendEmail.send.
        """
        if message is not None:
            js_message = await to_js_message(message)
        else:
            parts = message_parts(
                from_=from_,
                subject=subject,
                reply_to=reply_to,
                text=text,
                html=html,
                headers=headers,
                attachments=attachments,
            )
            for name, recipients in (("to", to), ("cc", cc), ("bcc", bcc)):
                if addresses := address_list(recipients, name):
                    parts[name] = addresses
            js_message = to_js(parts, "email")
        with _raising:
            result = from_js(await method(self._js, "send", js_message))
        return send_result(result)
