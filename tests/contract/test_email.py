"""``SendEmail``: sending email from MIME source and from parts."""

from __future__ import annotations

import re
from email.message import EmailMessage as MIMEMessage
from typing import Any

from pyworkers_sdk import (
    ConversionError,
    EmailAddress,
    EmailAttachment,
    EmailError,
    EmailMessage,
    SendEmail,
)
from pyworkers_sdk._border import from_js
from tests.contract.kit import World, cases, not_in, raises
from tests.contract.workers import AppEnv

no_module = not_in("node", reason="cloudflare:email is only in the Workers runtime")
no_promise = not_in("node", reason="miniflare's proxy answers there without a Promise")

HEADERS = {"From": "App <app@example.com>", "Message-ID": "<1@example.com>", "Subject": "Hi"}
REFUSED: dict[str, Any] = {
    "no id": ({"Message-ID": None}, "invalid message-id"),
    "another sender": ({"From": "news@example.com"}, "From: header does not match mail from"),
    "received": ({"Received": "from a by b"}, "invalid headers set"),
}
WRONG: dict[str, Any] = {
    "no sender": ({"from_": None}, "^from_: expected str, got None$"),
    "a surrogate": ({"subject": "\ud800"}, "^subject: the text has a lone surrogate"),
    "a recipient": ({"to": ["a@e.com", 2]}, r"^to\[1\]: expected str, got int$"),
    "a name": ({"from_": EmailAddress(1, "a@e.com")}, "^from_.name: expected str, got int$"),  # type: ignore[arg-type]
    "a header": ({"headers": {"X-A": 1}}, r"^headers\['X-A'\]: expected str, got int$"),
    "text": ({"text": b"x"}, "^text: expected str, got bytes$"),
    "a file": ({"attachments": ["x"]}, r"^attachments\[0\]: expected EmailAttachment, got str$"),
    "only a file": (
        {"attachments": EmailAttachment("a", b"")},
        "^attachments: expected an iterable of EmailAttachment, got EmailAttachment; pass a list ",
    ),
    "its content": (
        {"attachments": [EmailAttachment("a", 1)]},  # type: ignore[arg-type]
        r"^attachments\[0\].content: expected str, got int$",
    ),
}
BEYOND: dict[str, Any] = {
    "nobody": ({"to": ()}, "E_FIELD_MISSING", "Required field is missing"),
    "recipients": (
        {"to": ["a@example.com"] * 25, "cc": ["b@example.com"] * 25, "bcc": "c@example.com"},
        "E_TOO_MANY_RECIPIENTS",
        "Too many recipients in to/cc/bcc arrays",
    ),
    "attachments": (
        {"attachments": [EmailAttachment("a", b"")] * 33},
        "E_TOO_MANY_ATTACHMENTS",
        "Too many attachments in `attachments` array",
    ),
}


def _source(**headers: str | None) -> bytes:
    message = MIMEMessage()
    for name, value in {**HEADERS, **headers}.items():
        if value is not None:
            message[name] = value
    message.set_content("é\n")
    return message.as_bytes()


def _message(to: str = "ann@example.com", **headers: str | None) -> EmailMessage:
    return EmailMessage("app@example.com", to, _source(**headers))


def _is_id(message_id: str | None, domain: str = "example.com") -> bool:
    return re.fullmatch(rf"<[A-Za-z0-9]{{36}}@{re.escape(domain)}>", message_id or "") is not None


# MIME source -------------------------------------------------------------------------------------


@no_module
async def test_send_of_mime_source_returns_a_message_id(app: AppEnv) -> None:
    assert _is_id((await app.MAILER.send(_message())).message_id)
    text = _source().decode()
    assert _is_id(
        (await app.MAILER.send(EmailMessage("app@example.com", "b@e.com", text))).message_id
    )


@no_module
@cases(REFUSED)
async def test_send_of_invalid_mime_source_raises(app: AppEnv, case: Any) -> None:
    headers, message = case
    with raises(EmailError) as caught:
        await app.MAILER.send(_message(**headers))
    assert (caught.value.message, caught.value.js_name) == (message, "Error")
    assert caught.value.code is None


@no_module
async def test_send_of_mime_source_respects_allowed_addresses(app: AppEnv) -> None:
    await app.MAILER_ONE.send(_message("team@example.com"))
    with raises(EmailError, match="^email to ann@example.com not allowed$"):
        await app.MAILER_ONE.send(_message())
    with raises(EmailError, match="^email from me@example.com not allowed$"):
        await app.MAILER_ONE.send(EmailMessage("me@example.com", "x@example.com", _source()))
    await app.MAILER_SEVERAL.send(_message())
    with raises(EmailError, match="^email to team@example.com not allowed$"):
        await app.MAILER_SEVERAL.send(_message("team@example.com"))


# Parts -------------------------------------------------------------------------------------------


@no_promise
async def test_send_of_parts_returns_a_message_id(app: AppEnv) -> None:
    sent = await app.MAILER.send(
        from_=EmailAddress("App", "app@mail.example.com"),
        to=["ann@example.com", "Bob <bob@example.com>"],
        cc=EmailAddress("Cy", "cy@example.com"),
        bcc="dee@example.com",
        reply_to="help@example.com",
        subject="Hi",
        text="é",
        html="<p>é</p>",
        headers={"X-Order": "7"},
        attachments=[
            EmailAttachment("a.txt", "dGV4dA==", "text/plain"),
            EmailAttachment("b.png", b"\x00", "image/png", "inline", "b"),
        ],
    )
    assert _is_id(sent.message_id, "mail.example.com")


@no_promise
async def test_send_of_the_required_parts_only(app: AppEnv) -> None:
    sent = await app.MAILER.send(from_="App <app@example.com>", to="ann@example.com", subject="")
    assert _is_id(sent.message_id)


@no_promise
async def test_send_of_parts_respects_allowed_addresses(app: AppEnv) -> None:
    async def send(mailer: SendEmail, sender: Any, to: Any, cc: Any = ()) -> None:
        await mailer.send(from_=sender, to=to, cc=cc, subject="Hi", text="x")

    with raises(EmailError, match="^email from me@example.com not allowed$"):
        await send(app.MAILER_ONE, "Me <me@example.com>", "team@example.com")
    with raises(EmailError, match="^email to bob@example.com not allowed$"):
        to = ["team@example.com", EmailAddress("Bob", "bob@example.com")]
        await send(app.MAILER_ONE, EmailAddress("News", "news@example.com"), to)
    # Local development checks only ``to``.
    await send(app.MAILER_SEVERAL, "me@example.com", "Ann <ann@example.com>", "cy@example.com")


async def test_every_part_reaches_the_binding(app: AppEnv, world: World) -> None:
    sent = await app.MAIL_SERVICE.send(
        from_="App <app@example.com>",
        to="ann@example.com",
        cc=iter([EmailAddress("Cy", "cy@example.com")]),
        bcc=("dee@example.com",),
        reply_to=EmailAddress("Help", "help@example.com"),
        subject="Hi",
        text="é",
        html="<p>é</p>",
        headers={"X-Order": "7"},
        attachments=[
            EmailAttachment("a.txt", "dGV4dA=="),
            EmailAttachment("b.png", b"\x00\xff", "image/png", "inline", "b"),
            EmailAttachment("c", bytearray(b"c")),
        ],
    )
    assert sent.message_id
    if world.engine == "fake":
        from pyworkers_sdk.testing import sent_emails

        [email] = sent_emails(app.MAIL_SERVICE)
        assert email.attachments == [
            EmailAttachment("a.txt", "dGV4dA=="),
            EmailAttachment("b.png", b"\x00\xff", "image/png", "inline", "b"),
            EmailAttachment("c", b"c"),
        ]
        assert (email.from_, email.to, email.subject) == (
            "app@example.com",
            ["ann@example.com"],
            "Hi",
        )
        assert (email.cc, email.bcc) == (["cy@example.com"], ["dee@example.com"])
        assert (email.reply_to, email.headers) == ("help@example.com", {"X-Order": "7"})
        assert (email.text, email.html, email.raw) == ("é", "<p>é</p>", None)
        assert email.message_id == sent.message_id
        return
    unnamed = "application/octet-stream"
    assert from_js(app.MAIL_SERVICE.js_object.sent()) == {
        "from": "App <app@example.com>",
        "to": ["ann@example.com"],
        "cc": [{"name": "Cy", "email": "cy@example.com"}],
        "bcc": ["dee@example.com"],
        "replyTo": {"name": "Help", "email": "help@example.com"},
        "subject": "Hi",
        "text": "é",
        "html": "<p>é</p>",
        "headers": {"X-Order": "7"},
        "attachments": [
            {
                "filename": "a.txt",
                "content": "dGV4dA==",
                "type": unnamed,
                "disposition": "attachment",
            },
            {
                "filename": "b.png",
                "content": b"\x00\xff",
                "type": "image/png",
                "disposition": "inline",
                "contentId": "b",
            },
            {"filename": "c", "content": b"c", "type": unnamed, "disposition": "attachment"},
        ],
    }


@cases(BEYOND)
async def test_refusal_of_the_service_has_a_code(app: AppEnv, case: Any) -> None:
    parts, code, message = case
    with raises(EmailError) as caught:
        await app.MAIL_SERVICE.send(
            **{"from_": "a@example.com", "to": "b@example.com", "subject": "Hi", **parts}
        )
    assert (caught.value.code, caught.value.message) == (code, message)


@cases(WRONG)
async def test_part_of_wrong_type_raises_conversion_error(app: AppEnv, case: Any) -> None:
    parts, message = case
    with raises(ConversionError, match=message):
        await app.MAIL_SERVICE.send(
            **{"from_": "a@example.com", "to": "b@example.com", "subject": "Hi", **parts}
        )


async def test_message_of_wrong_type_raises_conversion_error(app: AppEnv) -> None:
    wrong: Any = "Hi"
    with raises(
        ConversionError, match="^message: expected EmailMessage of pyworkers_sdk, got str$"
    ):
        await app.MAIL_SERVICE.send(wrong)
    wrong = MIMEMessage()
    with raises(
        ConversionError, match=r"; pass EmailMessage\(from_, to, message\) of pyworkers_sdk$"
    ):
        await app.MAIL_SERVICE.send(wrong)
