"""``sent_emails`` and ``send_email`` of the fake."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage as MIMEMessage
from typing import Any

import pytest

from pyworkers_sdk import (
    EmailAddress,
    EmailAttachment,
    EmailError,
    EmailMessage,
    Env,
    ForwardableEmailMessage,
    SendEmail,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, fake, faults, send_email, sent_emails

pytestmark = pytest.mark.asyncio


class AppEnv(Env):
    MAILER: SendEmail


def source(**headers: str) -> MIMEMessage:
    message = MIMEMessage()
    for name, value in {
        "From": "me@example.com",
        "Message-ID": "<1@example.com>",
        **headers,
    }.items():
        message[name] = value
    return message


async def test_sent_emails_lists_emails_of_parts() -> None:
    mailer = fake(SendEmail)
    sent = await mailer.send(
        from_=EmailAddress("Me", "me@example.com"),
        to=["Ann <ann@example.com>", EmailAddress("Bob", "bob@example.com")],
        subject="Hi",
        attachments=[EmailAttachment("a", b"x")],
    )
    [email] = sent_emails(mailer)
    assert email.message_id == sent.message_id
    assert (email.from_, email.to) == ("me@example.com", ["ann@example.com", "bob@example.com"])
    assert (email.text, email.html, email.reply_to, email.raw) == (None, None, None, None)
    assert (email.cc, email.bcc, email.headers) == ([], [], {})
    assert email.attachments == [EmailAttachment("a", b"x")]


async def test_sent_emails_lists_emails_of_mime_source() -> None:
    mailer = fake(SendEmail)
    message = source(Subject="Grüezi", To="x@example.com")
    message.set_content("text\n")
    message.add_alternative("<p>html</p>\n", subtype="html")
    await mailer.send(EmailMessage("me@example.com", "ann@example.com", message))
    bare = source()
    await mailer.send(EmailMessage("me@example.com", "ann@example.com", bare))
    first, second = sent_emails(mailer)
    assert (first.from_, first.to, first.subject) == (
        "me@example.com",
        ["ann@example.com"],
        "Grüezi",
    )
    assert (first.text, first.html) == ("text\n", "<p>html</p>\n")
    assert first.headers["To"] == "x@example.com"
    assert first.raw == message.as_bytes()
    assert (second.subject, second.html) == ("", None)


async def test_send_email_restricts_recipients() -> None:
    env = fake(AppEnv, MAILER=send_email(allowed_destination_addresses=["ann@example.com"]))
    with pytest.raises(EmailError, match=r"(?m)^email to bob@example.com not allowed$"):
        await env.MAILER.send(from_="me@example.com", to="bob@example.com", subject="Hi")
    assert sent_emails(env.MAILER) == []


async def test_fault_makes_send_fail() -> None:
    env = fake(AppEnv, MAILER=send_email())
    faults(env.MAILER).fail("out of order", method="send")
    with pytest.raises(EmailError, match=r"(?m)^out of order$"):
        await env.MAILER.send(from_="me@example.com", to="bob@example.com", subject="Hi")


async def test_sent_emails_of_another_binding_raises_type_error() -> None:
    class Other:
        async def send(self, message: Any) -> None: ...

    other: Any = Other()
    with pytest.raises(
        TypeError, match=r"sent_emails\(\): expected a SendEmail that fake\(\) made, got Other"
    ):
        sent_emails(SendEmail(other))


async def test_reply_of_parts_is_sent_with_the_headers_of_a_reply() -> None:
    class Default(WorkerEntrypoint):
        async def email(self, message: ForwardableEmailMessage) -> None:
            await message.reply(
                from_=EmailAddress("Ann, \u00e9", message.to),
                subject="Re",
                text="t\u00e9xt",
                html="<p>h</p>",
                reply_to="a@example.com",
                headers={"X-A": "1"},
                attachments=[
                    EmailAttachment("a.txt", b"\x00", content_id="one"),
                    EmailAttachment("b.txt", "aGk=", "text/plain", "inline"),
                ],
            )

    mail = source(To="you@example.com", **{"Message-ID": "<1@example.com>"})
    outcome = await FakeRuntime(Default).email(mail.as_bytes())
    [reply] = outcome.replies
    parsed = email.message_from_bytes(reply.raw, policy=email.policy.default)
    assert reply.from_ == "you@example.com"
    assert parsed["From"] == '"Ann, \u00e9" <you@example.com>'
    assert (parsed["To"], parsed["Reply-To"]) == ("me@example.com", "a@example.com")
    assert (parsed["In-Reply-To"], parsed["References"]) == ("<1@example.com>", "<1@example.com>")
    assert (parsed["Subject"], parsed["X-A"]) == ("Re", "1")
    contents = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    assert contents == ["t\u00e9xt\r\n", "<p>h</p>\r\n", b"\x00", "hi"]
