"""The surroundings of handlers: files and modules. Clients outside are in tests/real."""

from __future__ import annotations

from pathlib import Path

from pyworkers_sdk import BindingError, ConversionError, EmailMessage
from tests.contract.kit import only, raises


async def test_a_file_bundled_beside_a_module_opens() -> None:
    beside = Path(__file__).parent / "workers" / "greeting.txt"
    assert beside.read_text(encoding="utf-8") == "Grüezi\n"
    assert beside.read_bytes() == b"Gr\xc3\xbcezi\n"
    assert [each.name for each in beside.parent.glob("*.txt")] == ["greeting.txt"]


async def test_email_of_another_type_is_refused() -> None:
    with raises(ConversionError, match="from_"):
        EmailMessage(None, "you@example.com", "")  # type: ignore[arg-type]
    with raises(ConversionError, match="to: "):
        EmailMessage("me@example.com", 1, "")  # type: ignore[arg-type]
    with raises(ConversionError, match="raw: expected str, bytes or a message, got int"):
        EmailMessage("me@example.com", "you@example.com", 1)  # type: ignore[arg-type]


@only("node", reason="the other worlds have it")
async def test_email_module_is_that_of_the_runtime() -> None:
    message = EmailMessage("me@example.com", "you@example.com", "Subject: a\n\nb")
    with raises(BindingError, match="cloudflare:email is only in the Workers runtime"):
        await message.to_js()


@only("fake", "workerd", reason="the module is the runtime's")
async def test_email_message_has_the_fields_of_its_constructor() -> None:
    message = EmailMessage("me@example.com", "you@example.com", "Subject: a\n\nb")
    assert (message.from_, message.to) == ("me@example.com", "you@example.com")
    assert repr(message) == "<EmailMessage from me@example.com to you@example.com>"
    js = await message.to_js()
    assert (getattr(js, "from"), js.to) == ("me@example.com", "you@example.com")
