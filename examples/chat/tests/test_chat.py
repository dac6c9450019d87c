"""The chat room on the fakes: no network, no Node, no mock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat.worker import AppEnv
from pyworkers_sdk import WebSocket
from pyworkers_sdk.testing import FakeRuntime

SITE = "https://chat.example"


def socket(runtime: FakeRuntime[AppEnv], name: str, room: str = "tea") -> Any:
    return runtime.connect(f"{SITE}/api/rooms/{room}/socket?name={name}")


async def told(ws: WebSocket) -> Any:
    return json.loads(await ws.receive())


@pytest.mark.asyncio
async def test_two_people_talk(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada, socket(runtime, "Bob") as bob:
        assert await told(ada) == {"joined": "Ada", "people": ["Ada"]}
        assert await told(ada) == {"joined": "Bob", "people": ["Ada", "Bob"]}
        assert await told(bob) == {"joined": "Bob", "people": ["Ada", "Bob"]}
        ada.send("hello")
        assert await told(bob) == {"message": {"id": 1, "author": "Ada", "text": "hello"}}


@pytest.mark.asyncio
async def test_a_room_that_slept_knows_its_people_and_messages(
    runtime: FakeRuntime[AppEnv],
) -> None:
    async with socket(runtime, "Ada") as ada:
        await told(ada)
        ada.send("before")
        await told(ada)
        await runtime.evict(runtime.env.ROOMS.get_by_name("tea"))
        ada.send("after")
        assert await told(ada) == {"message": {"id": 2, "author": "Ada", "text": "after"}}
    messages = await runtime.fetch(f"{SITE}/api/rooms/TEA/messages")
    assert [message["text"] for message in await messages.json()] == ["before", "after"]


@pytest.mark.asyncio
async def test_rooms_are_apart(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada, socket(runtime, "Bob", room="coffee") as bob:
        await told(ada)
        assert await told(bob) == {"joined": "Bob", "people": ["Bob"]}
        bob.send("anybody?")
        assert (await told(bob))["message"]["id"] == 1
    messages = await runtime.fetch(f"{SITE}/api/rooms/tea/messages")
    assert await messages.json() == []


@pytest.mark.asyncio
async def test_the_others_see_who_left(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada:
        await told(ada)
        async with socket(runtime, "Bob"):
            await told(ada)
        assert await told(ada) == {"left": "Bob", "people": ["Ada"]}


@pytest.mark.parametrize("message", ["", "   ", "x" * 1001, b"bytes"])
@pytest.mark.asyncio
async def test_what_is_no_message_is_refused(
    runtime: FakeRuntime[AppEnv], message: str | bytes
) -> None:
    async with socket(runtime, "Ada") as ada:
        await told(ada)
        ada.send(message)
        assert await told(ada) == {"error": "a message has 1 to 1000 characters"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/rooms/tea/socket?name=Ada", {}, 426),
        ("/api/rooms/tea/socket", {"upgrade": "websocket"}, 422),
        ("/api/rooms/tea/socket?name=%0A", {"upgrade": "websocket"}, 422),
        ("/api/rooms/tea", {}, 404),
        ("/api/rooms//messages", {}, 404),
    ],
)
@pytest.mark.asyncio
async def test_what_is_refused_at_the_door(
    runtime: FakeRuntime[AppEnv], path: str, headers: dict[str, str], status: int
) -> None:
    assert (await runtime.fetch(SITE + path, headers=headers)).status == status
