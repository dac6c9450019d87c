"""The application on the fakes, through the Worker: no network, no Node, no mock."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest

from pyworkers_sdk import Response
from pyworkers_sdk.testing import FakeRuntime
from todo.env import AppEnv

SITE = "https://todo.example"


async def post(runtime: FakeRuntime[AppEnv], path: str, **form: str) -> Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await runtime.fetch(
        f"{SITE}{path}", method="POST", headers=headers, body=urlencode(form)
    )


@pytest.mark.asyncio
async def test_task_is_added_done_and_deleted(runtime: FakeRuntime[AppEnv]) -> None:
    created = await post(runtime, "/tasks", title="Łódź")
    assert created.status == 201
    task = {"id": 1, "title": "Łódź", "done": False}
    assert await created.json() == task
    assert await (await runtime.fetch(f"{SITE}/tasks")).json() == [task]
    assert await (await post(runtime, "/tasks/1")).json() == task | {"done": True}
    await runtime.fetch(f"{SITE}/tasks/1", method="DELETE")
    assert (await runtime.fetch(f"{SITE}/tasks/1")).status == 404


@pytest.mark.asyncio
async def test_task_without_a_title_is_refused(runtime: FakeRuntime[AppEnv]) -> None:
    assert (await post(runtime, "/tasks")).status == 400


@pytest.mark.asyncio
async def test_export_is_streamed_page_by_page(runtime: FakeRuntime[AppEnv]) -> None:
    for number in range(5):
        await post(runtime, "/tasks", title=f"task {number}")
    response = await runtime.fetch(f"{SITE}/tasks.csv")
    assert response.body
    lines = [chunk.decode() async for chunk in response.body]
    assert lines == [f"{number + 1},task {number},0\n" for number in range(5)]


@pytest.mark.asyncio
async def test_cookie_beyond_latin_1_is_read(runtime: FakeRuntime[AppEnv]) -> None:
    response = await runtime.fetch(f"{SITE}/hello", headers={"cookie": "name=Łukasz"})
    assert await response.text() == "Hello, Łukasz!"


@pytest.mark.asyncio
async def test_requests_at_once_are_all_answered(runtime: FakeRuntime[AppEnv]) -> None:
    await asyncio.gather(*(post(runtime, "/tasks", title=f"{number}") for number in range(20)))
    assert len(await (await runtime.fetch(f"{SITE}/tasks")).json()) == 20
