"""The types of WebSockets: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Literal, assert_type

from pyworkers_sdk import (
    CloseEvent,
    Env,
    ErrorEvent,
    MessageEvent,
    Request,
    Response,
    WebSocket,
    WebSocketPair,
    WorkerEntrypoint,
    WorkersError,
)
from pyworkers_sdk.testing import FakeRuntime


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        client, server = WebSocketPair()
        assert_type(client, WebSocket)
        assert_type(WebSocketPair()[1], WebSocket)
        server.accept(allow_half_open=True)
        self.ctx.wait_until(talk(server))
        return Response(status=101, web_socket=client)


async def talk(ws: WebSocket) -> None:
    async for message in ws:
        assert_type(message, str | bytes)
        ws.send(message)
    ws.send(bytearray(b"a"))
    assert_type(await ws.receive(), str | bytes)
    assert_type(ws.close_code, int | None)
    assert_type(ws.close_reason, str | None)
    assert_type(ws.was_clean, bool | None)
    assert_type(ws.ready_state, int)
    assert_type(ws.url, str | None)
    assert_type(ws.binary_type, Literal["arraybuffer", "blob"])
    ws.close(1000, "bye")
    if ws.ready_state == WebSocket.CLOSED:
        ws.serialize_attachment({"a": [1]})

    ws.send(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ws.accept(True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ws.close("1000")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Response(status=101, web_socket=WebSocketPair())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def later(event: MessageEvent) -> None: ...


def listens(ws: WebSocket) -> None:
    def on_message(event: MessageEvent) -> None:
        assert_type(event.data, str | bytes)

    def on_close(event: CloseEvent) -> None:
        assert_type(event.code, int)
        assert_type(event.was_clean, bool)

    def on_error(event: ErrorEvent) -> None:
        assert_type(event.error, WorkersError)

    ws.add_event_listener("message", on_message)
    ws.add_event_listener("message", later)
    ws.add_event_listener("close", on_close)
    ws.add_event_listener("error", on_error)
    ws.remove_event_listener("message", on_message)

    ws.add_event_listener("close", on_message)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    ws.add_event_listener("nope", on_close)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


async def connects(response: Response) -> None:
    assert_type(response.web_socket, WebSocket | None)
    async with WebSocket("wss://example.com/", ["chat"]) as ws:
        assert_type(ws, WebSocket)
    async with FakeRuntime(Default).connect("https://example.com/", protocols=["a"]) as ws:
        assert_type(ws, WebSocket)
    assert_type(await FakeRuntime(Default).connect("https://example.com/"), WebSocket)
