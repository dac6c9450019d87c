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


async def receive(ws: WebSocket) -> Any:
    return json.loads(await ws.receive())


@pytest.mark.asyncio
async def test_message_reaches_every_member(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada, socket(runtime, "Bob") as bob:
        assert await receive(ada) == {"joined": "Ada", "people": ["Ada"]}
        assert await receive(ada) == {"joined": "Bob", "people": ["Ada", "Bob"]}
        assert await receive(bob) == {"joined": "Bob", "people": ["Ada", "Bob"]}
        ada.send("hello")
        assert await receive(bob) == {"message": {"id": 1, "author": "Ada", "text": "hello"}}


@pytest.mark.asyncio
async def test_evicted_room_keeps_members_and_messages(
    runtime: FakeRuntime[AppEnv],
) -> None:
    async with socket(runtime, "Ada") as ada:
        await receive(ada)
        ada.send("before")
        await receive(ada)
        await runtime.evict(runtime.env.ROOMS.get_by_name("tea"))
        ada.send("after")
        assert await receive(ada) == {"message": {"id": 2, "author": "Ada", "text": "after"}}
    messages = await runtime.fetch(f"{SITE}/api/rooms/TEA/messages")
    assert [message["text"] for message in await messages.json()] == ["before", "after"]


@pytest.mark.asyncio
async def test_rooms_do_not_share_messages(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada, socket(runtime, "Bob", room="coffee") as bob:
        await receive(ada)
        assert await receive(bob) == {"joined": "Bob", "people": ["Bob"]}
        bob.send("hello?")
        assert (await receive(bob))["message"]["id"] == 1
    messages = await runtime.fetch(f"{SITE}/api/rooms/tea/messages")
    assert await messages.json() == []


@pytest.mark.asyncio
async def test_leaving_is_announced_to_the_others(runtime: FakeRuntime[AppEnv]) -> None:
    async with socket(runtime, "Ada") as ada:
        await receive(ada)
        async with socket(runtime, "Bob"):
            await receive(ada)
        assert await receive(ada) == {"left": "Bob", "people": ["Ada"]}


@pytest.mark.parametrize("message", ["", "   ", "x" * 1001, b"bytes"])
@pytest.mark.asyncio
async def test_invalid_message_is_rejected(
    runtime: FakeRuntime[AppEnv], message: str | bytes
) -> None:
    async with socket(runtime, "Ada") as ada:
        await receive(ada)
        ada.send(message)
        assert await receive(ada) == {"error": "a message has 1 to 1000 characters"}


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
async def test_invalid_request_is_rejected(
    runtime: FakeRuntime[AppEnv], path: str, headers: dict[str, str], status: int
) -> None:
    assert (await runtime.fetch(SITE + path, headers=headers)).status == status
