"""The application on the fakes, through the Worker: no network, no Node, no mock."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest

from guestbook.env import AppEnv
from pyworkers_sdk import Response
from pyworkers_sdk.testing import FakeRuntime

SITE = "https://guestbook.example"


async def post(runtime: FakeRuntime[AppEnv], **form: str) -> Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await runtime.fetch(
        f"{SITE}/entries", method="POST", headers=headers, body=urlencode(form)
    )


@pytest.mark.asyncio
async def test_added_entry_is_listed(runtime: FakeRuntime[AppEnv]) -> None:
    created = await post(runtime, name="Łukasz", message="é")
    assert created.status == 201
    entry = {"id": 1, "name": "Łukasz", "message": "é"}
    assert await created.json() == entry
    assert await (await runtime.fetch(f"{SITE}/entries")).json() == [entry]
    assert await (await runtime.fetch(f"{SITE}/entries/1")).json() == entry


@pytest.mark.asyncio
async def test_invalid_and_missing_entries_are_refused(runtime: FakeRuntime[AppEnv]) -> None:
    assert (await post(runtime, name="Ann")).status == 400
    assert (await runtime.fetch(f"{SITE}/entries/7")).status == 404


@pytest.mark.asyncio
async def test_book_is_streamed_page_by_page(runtime: FakeRuntime[AppEnv]) -> None:
    for number in range(5):
        await post(runtime, name=f"Ann {number}", message="hello")
    response = await runtime.fetch(f"{SITE}/book.txt")
    assert response.body
    lines = [chunk.decode() async for chunk in response.body]
    assert lines == [f"Ann {number} wrote on guestbook.example: hello\n" for number in range(5)]


@pytest.mark.asyncio
async def test_requests_at_once_are_all_answered(runtime: FakeRuntime[AppEnv]) -> None:
    names = [f"Ann {number}" for number in range(20)]
    await asyncio.gather(*(post(runtime, name=name, message="hello") for name in names))
    entries = await (await runtime.fetch(f"{SITE}/entries")).json()
    assert sorted(entry["name"] for entry in entries) == sorted(names)
