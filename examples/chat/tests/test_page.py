"""The page in a real browser: two people in one room, on the fakes and inside workerd."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from examples import serving
from examples.browser import CHROMIUM, chromium
from pyworkers_sdk.testing import Clock, FakeRuntime

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@contextmanager
def fakes() -> Iterator[str]:
    with serving.fakes(FakeRuntime.from_config(CONFIG, clock=Clock(running=True))) as url:
        yield url


def workerd() -> AbstractContextManager[str]:
    return serving.workerd(CONFIG)


def join(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("Room").fill("tea")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_label("Message")).to_be_enabled()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("serve", [fakes, workerd])
def test_two_people_talk_in_a_browser(serve: Callable[[], AbstractContextManager[str]]) -> None:
    errors: list[str] = []
    with serve() as url, chromium() as browser:
        ada, bob = browser.new_page(), browser.new_page()
        for page in (ada, bob):
            page.on("pageerror", lambda error: errors.append(str(error)))
        join(ada, url, "Ada")
        say(ada, "is anybody there?")
        join(bob, url, "Bob")
        expect(bob.locator("#messages")).to_contain_text("is anybody there?")  # from the history
        expect(ada.locator("#people")).to_have_text("Ada, Bob")
        say(bob, "<b>me</b>")
        expect(ada.locator("#messages li").last).to_have_text("Bob<b>me</b>")
        if folder := os.environ.get("SCREENSHOTS"):
            ada.screenshot(path=Path(folder) / f"chat-{serve.__name__}.png")
        bob.close()
        expect(ada.locator("#people")).to_have_text("Ada")
        assert errors == []
