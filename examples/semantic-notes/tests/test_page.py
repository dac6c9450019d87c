"""The page in a real browser, on the fakes and in workerd; and the API in workerd."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from examples.browser import CHROMIUM, chromium

serve: Any = import_module("examples.semantic-notes.serve")

TEA = "Green tea wants water of eighty degrees. Two minutes are enough. Then take the leaves out."
CAT = "The cat eats twice a day. She gets dry food in the morning. Fish is for Sundays."
BOLD = "<b>Oil</b> the chain of the bicycle every month."

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


def add(page: Page, title: str, text: str) -> None:
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#notes li").first).to_contain_text(title)


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Ask").click()


def screenshot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        for width in (900, 400):
            page.set_viewport_size({"width": width, "height": 640})
            page.screenshot(path=Path(folder) / f"notes-{name}-{width}.png", full_page=True)


# Records each change of the page, as [length of the answer, number of sources].
WATCH = """() => {
  window.seen = [];
  const places = ["answer", "sources"].map((id) => document.getElementById(id));
  const look = () => window.seen.push([places[0].textContent.length, places[1].children.length]);
  for (const place of places) new MutationObserver(look).observe(place, { childList: true });
}"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("where", ["fakes", "workerd"])
def test_page_shows_answer_and_sources(where: str) -> None:
    errors: list[str] = []
    with getattr(serve, where)() as url, chromium() as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        add(page, "Tea", TEA)
        add(page, "The cat", CAT)
        add(page, "Bicycle", BOLD)
        page.evaluate(WATCH)
        ask(page, "How hot is the water for green tea?")
        expect(page.locator("#answer")).to_have_text(f"The notes say: “{TEA}” [1]")
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#sources li b").first).to_have_text("[1] Tea")
        seen = page.evaluate("window.seen")
        assert seen[0][0] == 0, "the sources come before the answer"
        assert len({length for length, sources in seen if sources == 3}) > 5, (
            "the answer arrives in pieces"
        )
        screenshot(page, where)
        ask(page, "When do I oil the chain of the bicycle?")
        expect(page.locator("#answer")).to_contain_text(f"“{BOLD}”")  # as text, not as HTML
        ask(page, "too much")
        busy = "the model is busy; try again later"
        expect(page.get_by_role("alert")).to_have_text(busy)
        page.get_by_title("Delete Tea").click()
        expect(page.locator("#notes li")).to_have_count(2)
        ask(page, "How hot is the water for green tea?")
        expect(page.locator("#sources li")).to_have_count(2)
        expect(page.locator("#problem")).to_be_empty()
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
        assert errors == []


@contextmanager
def client(serving: AbstractContextManager[str]) -> Iterator[httpx.Client]:
    with serving as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        yield http


@pytest.mark.parametrize("pyodide", ["314", "0.28"])
def test_api_in_workerd(pyodide: str) -> None:
    open_: Callable[[], AbstractContextManager[str]] = partial(serve.workerd, pyodide=pyodide)
    with client(open_()) as http:
        notes = "/api/notes"
        response = http.post(notes, params={"title": "Tea"}, content=TEA)
        assert response.status_code == 201
        note = response.json()
        assert http.post(notes, params={"title": "Tea"}, content=TEA).status_code == 200
        http.post(notes, params={"title": "The cat"}, content=CAT).raise_for_status()
        long = "\n\n".join(
            f"Paragraph {number} is about Grüße and 茶. " * 9 for number in range(400)
        )
        assert http.post(notes, params={"title": "Long"}, content=long).status_code == 201
        assert http.get(f"{notes}/{note['id']}").text == TEA
        listed = http.get(notes).json()["notes"]
        assert [item["title"] for item in listed] == ["Long", "The cat", "Tea"]
        assert all(item["ready"] is True for item in listed)
        assert http.get(f"{notes}/{listed[0]['id']}").text == long

        results = http.get("/api/search", params={"q": "water for green tea"}).json()["found"]
        assert (results[0]["title"], results[0]["text"]) == ("Tea", TEA)
        answer = http.get("/api/answer", params={"q": "water for green tea"}).json()
        assert answer == {"answer": f"The notes say: “{TEA}” [1]", "sources": results}

        busy = http.get("/api/answer", params={"q": "too much"})
        assert busy.status_code == 503
        assert busy.json() == {"error": "the model is busy; try again later"}
        assert http.post(notes, params={"title": "x"}, content="x" * 200_001).status_code == 413
        assert http.post(notes, params={"title": "x"}, content=b"\xff").status_code == 422
        assert http.post(notes, params={"title": "x"}).status_code == 422

        for item in listed:
            assert http.delete(f"{notes}/{item['id']}").status_code == 204
        assert http.get(f"{notes}/{note['id']}").status_code == 404
        assert http.delete(f"{notes}/{note['id']}").status_code == 404
        results = http.get("/api/search", params={"q": "water for green tea"}).json()["found"]
        assert results == []
