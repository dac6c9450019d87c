"""The Worker of test_websockets.py: a WebSocket server and its clients.

The Worker is its own network: its ``fetch`` and ``WebSocket(url)`` reach itself.
tests/testing/test_websockets.py runs the same clients over the fakes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from pyworkers_sdk import (
    Env,
    Request,
    Response,
    WebSocket,
    WebSocketPair,
    WorkerEntrypoint,
    WorkersError,
    fetch,
)

UPGRADE = {"Upgrade": "websocket"}

seen: list[Any] = []
"""The records of the servers about the end of their connections."""
seen_by_name: dict[str, list[Any]] = {}
"""The records for clients that sent a name, apart from the records of other clients."""

Client = Callable[[], Awaitable[Any]]
Server = Callable[[WebSocket, list[Any]], Awaitable[None]]


# Servers: each gets the server's end of the connection.


async def echo(socket: WebSocket, log: list[Any]) -> None:
    async for message in socket:
        socket.send(message)


async def say(socket: WebSocket, log: list[Any]) -> None:
    socket.send("one")
    socket.send(b"two")
    socket.close(3000, "all said")


async def wait(socket: WebSocket, log: list[Any]) -> None:
    async for message in socket:
        log.append(message if isinstance(message, str) else len(message))


SERVERS = {"echo": echo, "say": say, "wait": wait}


async def serve(server: Server, socket: WebSocket, log: list[Any]) -> None:
    try:
        await server(socket, log)
    except WorkersError as error:
        log.append(error.message)
    log.append([socket.close_code, socket.was_clean])


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        path, _, name = request.url.partition("://")[2].partition("/")[2].partition("?")
        if path.startswith("run/"):
            return Response(json.dumps(await CLIENTS[path.removeprefix("run/")]()))
        if path == "seen":
            return Response(json.dumps(seen_by_name[name]))
        if path == "refuse":
            return Response("not today", status=403)
        client, socket = WebSocketPair()
        socket.accept()
        log = seen_by_name.setdefault(name, []) if name else seen
        if path == "late":
            self.ctx.wait_until(after_it_was_returned(client, log))
        else:
            self.ctx.wait_until(serve(SERVERS[path], socket, log))
        offered = request.headers.get("sec-websocket-protocol", "")
        chosen = {"sec-websocket-protocol": offered.split(", ")[-1]} if offered else {}
        return Response(status=101, headers=chosen, web_socket=client)


async def after_it_was_returned(client: WebSocket, log: list[Any]) -> None:
    await until(lambda: "returned" in log)
    try:
        client.accept()
    except WorkersError as error:
        log.append(error.message)
    client.send("into the void")
    client.close()
    log.append(client.ready_state)


async def until(condition: Callable[[], bool]) -> None:
    """Poll, because in workerd an event of one request cannot wake another one."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# Clients


async def opened(path: str, **headers: str) -> WebSocket:
    response = await fetch(f"https://example.com/{path}", headers={**UPGRADE, **headers})
    socket = response.web_socket
    assert socket
    assert response.status == 101
    socket.accept()
    return socket


async def talks() -> Any:
    socket = await opened("echo")
    socket.send("a")
    socket.send(b"bc")
    got: list[Any] = [await socket.receive(), len(await socket.receive())]
    socket.close(3001, "bye")
    got += [len([message async for message in socket]), socket.close_code, socket.was_clean]
    return [*got, socket.url, socket.protocol, socket.extensions]


async def listens() -> Any:
    socket = await opened("say")
    got = [len(message) async for message in socket]
    return [*got, socket.close_code, socket.close_reason, socket.was_clean, socket.ready_state]


async def is_refused() -> Any:
    response = await fetch("https://example.com/refuse", headers=UPGRADE)
    return [response.status, response.web_socket, await response.text()]


async def does_not_ask() -> Any:
    try:
        await fetch("https://example.com/echo")
    except WorkersError as error:
        return [error.js_name, error.message]


async def asks_in_capitals() -> Any:
    response = await fetch("https://example.com/say", headers={"UPGRADE": "WebSocket"})
    return response.status


async def negotiates() -> Any:
    headers = {**UPGRADE, "Sec-WebSocket-Protocol": "chat, superchat"}
    response = await fetch("https://example.com/say", headers=headers)
    socket = response.web_socket
    assert socket
    return [response.headers["sec-websocket-protocol"], socket.protocol]


async def connects() -> Any:
    async with WebSocket("ws://example.com/echo", ["chat", "superchat"]) as socket:
        socket.accept()
        got: list[Any] = [socket.url, socket.protocol, socket.ready_state]
        socket.send("a")
        got.append(await socket.receive())
    left = [message async for message in socket]
    return [*got, left, socket.close_code, socket.ready_state]


async def connects_without_protocols() -> Any:
    async with WebSocket("wss://example.com/say") as socket:
        return [socket.protocol, [len(message) async for message in socket], socket.close_code]


async def connects_in_vain() -> Any:
    socket = WebSocket("ws://example.com/refuse")
    try:
        async with socket:
            return "connected"
    except WorkersError as error:
        return [error.js_name, error.message, socket.close_code, socket.close_reason]


async def changes_its_mind() -> Any:
    socket = WebSocket("ws://example.com/echo")
    socket.close()
    try:
        async with socket:
            return "connected"
    except WorkersError as error:
        return [error.js_name, error.message, socket.close_code, socket.close_reason]


async def comes_late() -> Any:
    await opened("late?late")
    log = seen_by_name.pop("late")
    log.append("returned")
    await until(lambda: len(log) == 3)
    return log[1:]


CLIENTS: dict[str, Client] = {
    client.__name__: client
    for client in (
        talks,
        listens,
        is_refused,
        does_not_ask,
        asks_in_capitals,
        negotiates,
        connects,
        connects_without_protocols,
        connects_in_vain,
        changes_its_mind,
        comes_late,
    )
}

EXPECTED: dict[str, Any] = {
    "talks": ["a", 2, 0, 3001, True, None, "", ""],
    "listens": [3, 3, 3000, "all said", True, WebSocket.CLOSED],
    "is_refused": [403, None, "not today"],
    "does_not_ask": [
        "TypeError",
        "Worker tried to return a WebSocket in a response to a request which did not contain the "
        'header "Upgrade: websocket".',
    ],
    "asks_in_capitals": 101,
    "negotiates": ["superchat", ""],
    "connects": ["ws://example.com/echo", "superchat", 1, "a", [], 1000, 3],
    "connects_without_protocols": [None, [3, 3], 3000],
    "connects_in_vain": [
        "TypeError",
        "Failed to establish the WebSocket connection: expected server to reply with HTTP status "
        "code 101 (switching protocols), but received 403 instead.",
        1006,
        "Failed to establish websocket connection",
    ],
    "changes_its_mind": [
        "Error",
        "Network connection lost.",
        1006,
        "Failed to establish websocket connection",
    ],
    "comes_late": ["Can't accept() WebSocket that was already used in a response.", 1],
}
