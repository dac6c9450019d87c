"""Random ASGI exchanges, over real sockets: the same application under uvicorn and in a Worker.

Both sides are served by uvicorn. On one side it calls the application. On the other side it calls
``testing.asgi``, and that a Worker on the fakes, whose ``asgi.fetch`` calls the application. So one
exchange covers both bridges. The application and the client follow a script, and record everything
that they see: the scope, each message, whether each ``send`` was refused, and each byte of a header
or a body. ``explained`` applies the known differences to the record of uvicorn. Any difference that
remains is a fault.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import h11
import uvicorn
import wsproto
from wsproto import events as ws

from pyworkers_sdk import Env, asgi
from pyworkers_sdk._cpython import url as _url
from pyworkers_sdk._header_bytes import text_of_header
from pyworkers_sdk.testing import FakeRuntime
from pyworkers_sdk.testing.asgi import asgi as served

__all__ = ["Report", "compare"]

Record = dict[str, Any]
Step = tuple[Any, ...]

TIMEOUT = 30


class Exchange(NamedTuple):
    """The script of the client and of the application for one request."""

    kind: str  # "http" or "websocket"
    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    chunks: list[bytes] | None  # of the request's body; None: no body
    chunked: bool  # else with a Content-Length
    client: list[Step]  # of a WebSocket
    steps: list[Step]  # of the application
    traits: frozenset[str]
    """Names of unusual parts of the script; some known differences need them."""


class Report(NamedTuple):
    """The result of a run."""

    exchanges: int
    kinds: Counter[str]
    explained: Counter[str]
    """How often each known difference was seen, by its reason."""
    difference: str
    """The first difference that is not known, or ""."""

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        lines = [f"asgi: {self.exchanges} exchanges ({kinds})"]
        lines += [f"  {count:5}  {reason}" for reason, count in self.explained.most_common()]
        lines.append(self.difference or "no unexplained difference")
        return "\n".join(lines)


# Scripts -----------------------------------------------------------------------------------------

TEXTS = ["plain", "", "a, b", "é", "Łódź", "東京", "😀", "a;q=0.5", '"quoted"', "tab\there", "\x85"]
NOT_UTF8 = [b"caf\xe9", b"\xff\xfe", b"a\x80b", b"\xed\xa0\x80"]
PATHS = ["/", "/a", "/a/b/", "/a%20b", "/%C3%A9", "/%ff", "/a;b=c", "/a:b@c", "/~x/-._", "//a"]
ODD_PATHS = ["/a/../b", "/./a", "/%2e%2e/a", "/a|b", '/"', "/a<b>", "/{x}", "/a^`b", "/a\\b"]
QUERIES = ["", "?", "?a=1", "?a=1&a=2", "?q=%C3%A9%20", "?x?y", "?a+b", "?%zz", "?a='b'", "?a=[1]"]
STATUSES = [200, 201, 204, 205, 206, 301, 304, 400, 404, 418, 422, 500, 503, 599]
METHODS = ["GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Author:
    """Writes the script of an exchange. One number makes the same script everywhere."""

    def __init__(self, number: str) -> None:
        self.random = random.Random(number)
        self.traits: set[str] = set()

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def exchange(self) -> Exchange:
        kind = "websocket" if self.chance(0.4) else "http"
        method = "GET" if kind == "websocket" else self.random.choice(METHODS)
        chunks = None
        if kind == "http" and method not in ("GET", "HEAD") and self.chance(0.7):
            chunks = self.pieces()
        headers = self.headers("x-in")
        if self.chance(0.3):
            headers += [(b"Cookie", b"a=1"), *([(b"Cookie", b"b=2")] if self.chance(0.3) else [])]
        client = self.talk(headers) if kind == "websocket" else []
        steps = self.conversation(client, headers) if kind == "websocket" else self.answer(method)
        path = self.random.choice(ODD_PATHS if self.chance(0.15) else PATHS)
        return Exchange(
            kind,
            method,
            path + self.random.choice(QUERIES),
            headers,
            chunks,
            self.chance(0.5),
            client,
            steps,
            frozenset(self.traits),
        )

    def text(self) -> bytes:
        return self.random.choice(NOT_UTF8 if self.chance(0.15) else [t.encode() for t in TEXTS])

    def headers(self, prefix: str) -> list[tuple[bytes, bytes]]:
        names = [
            f"{prefix}-{self.random.choice('abcXYZ')}" for _ in range(self.random.randrange(5))
        ]
        return [(name.encode(), self.text()) for name in names]

    def body(self) -> bytes:
        size = self.random.choice([0, 1, 5, 100, 5000, 70_000])
        return bytes([self.random.randrange(97, 123)]) * size

    def pieces(self) -> list[bytes]:
        return [self.body() for _ in range(self.random.randrange(1, 4))]

    # HTTP

    def answer(self, method: str) -> list[Step]:
        status = self.random.choice(STATUSES)
        headers = self.headers("X-Out")
        headers += [(b"Set-Cookie", b"a=%d" % n) for n in range(self.random.randrange(3))]
        has_body = method != "HEAD" and status not in (204, 205, 304)
        pieces = self.pieces() if has_body else [b""]
        if not has_body:
            self.traits.add("no body")
        elif self.chance(0.5):
            headers.append((b"Content-Length", str(sum(map(len, pieces))).encode()))
        steps: list[Step] = []
        # A further receive would wait until the client leaves, and the client waits for the answer.
        steps.append(self.random.choice([("read",), ("receive",), ("pause",)]))
        if self.chance(0.1):
            steps.append(("send", self.random.choice(OUT_OF_ORDER)))
        if self.chance(0.06):
            if ("send", LATE_START) in steps:
                self.traits.add("breaks off before its body")
            return [*steps, ("raise",) if self.chance(0.5) else ("return",)]
        steps.append(
            ("send", {"type": "http.response.start", "status": status, "headers": headers})
        )
        if self.chance(0.1):
            steps.append(("send", self.random.choice(OUT_OF_ORDER[1:])))
        if self.chance(0.3):
            steps.append(("pause",))
        if self.chance(0.04 if has_body else 0.2):
            if steps[-1] != ("pause",):  # else the headers have gone out
                self.traits.add("breaks off before its body")
            return [*steps, ("raise",) if self.chance(0.5) else ("return",)]
        breaks = has_body and self.chance(0.06)
        last = len(pieces) - 1
        for number, body in enumerate(pieces):
            more = number < last or breaks
            steps.append(("send", {"type": "http.response.body", "body": body, "more_body": more}))
            if self.chance(0.2):
                steps.append(("pause",))
        if breaks:
            self.traits.add("breaks off in its body")
            return [*steps, ("raise",) if self.chance(0.5) else ("return",)]
        if self.chance(0.2):
            steps.append(("receive",))
        if self.chance(0.15):
            steps.append(("send", self.random.choice([*OUT_OF_ORDER, LATE_START])))
        if self.chance(0.1):
            steps.append(("raise",))
        return steps

    # WebSockets

    def talk(self, headers: list[tuple[bytes, bytes]]) -> list[Step]:
        if self.chance(0.4):
            headers.append((b"Sec-WebSocket-Protocol", b"chat, other"))
        messages: list[Step] = []
        for _ in range(self.random.randrange(4)):
            messages.append(
                ("text", self.random.choice(TEXTS)) if self.chance(0.5) else ("bytes", self.body())
            )
        end = self.random.choice(
            [("close", 1000, ""), ("close", 1001, "é"), ("close", 4001, "bye")]
        )
        ends: list[Step] = [end, end, ("close", None, ""), ("lost",), ("wait",)]
        return [*messages, self.random.choice(ends)]

    def conversation(self, client: list[Step], headers: list[tuple[bytes, bytes]]) -> list[Step]:
        offers = any(name == b"Sec-WebSocket-Protocol" for name, _ in headers)
        connect: list[Step] = [("receive",)] if self.chance(0.9) else []
        if self.chance(0.05):
            connect.append(("send", {"type": "websocket.send", "text": "too early"}))
        if self.chance(0.25):
            return [*connect, *self.refusal()]
        headers = self.headers("X-Out")
        headers += [(b"Set-Cookie", b"a=%d" % n) for n in range(self.random.randrange(3))]
        accept: dict[str, Any] = {"type": "websocket.accept", "headers": headers}
        if offers and self.chance(0.7):
            accept["subprotocol"] = "chat"
        steps: list[Step] = [*connect, ("send", accept)]
        if not connect or connect[0] != ("receive",):
            steps.append(("receive",))
        if self.chance(0.1):
            steps.append(("send", {"type": "websocket.accept"}))
        steps.append(("send", {"type": "websocket.send", "text": "ready"}))
        for _ in client[:-1]:
            steps.append(("echo",))
        if client[-1] == ("wait",):
            return [*steps, *self.ending()]
        return [*steps, ("receive",), *self.after_the_end()]

    def refusal(self) -> list[Step]:
        choice = self.random.choice(["close", "response", "response", "raise", "return"])
        if choice == "close":
            return [("send", {"type": "websocket.close", "code": 1008}), ("receive",)]
        if choice == "response":
            status = self.random.choice([200, 401, 403, 404, 500])
            headers = self.headers("X-Out")
            start = {"type": "websocket.http.response.start", "status": status, "headers": headers}
            steps: list[Step] = [("send", start)]
            pieces = self.pieces()
            for number, body in enumerate(pieces, 1):
                more = number < len(pieces)
                message = {"type": "websocket.http.response.body", "body": body, "more_body": more}
                steps.append(("send", message))
            return [*steps, ("receive",)]
        self.traits.add(f"{choice}s before its handshake")
        return [(choice,)]

    def ending(self) -> list[Step]:
        if self.chance(0.2):
            self.traits.add("ends without a close")
            return [("raise",) if self.chance(0.5) else ("return",)]
        close: dict[str, Any] = {"type": "websocket.close"}
        code = self.random.choice([None, 1000, 1001, 1005, 1006, 1008, 1011, 1015, 3000, 4999])
        if code is not None:
            close["code"] = code
            if self.chance(0.5):
                close["reason"] = self.random.choice(["", "bye", "é" * 100, "a" * 124])
        return [("send", close), ("receive",), *self.after_the_end()]

    def after_the_end(self) -> list[Step]:
        if not self.chance(0.4):
            return []
        late = [{"type": "websocket.send", "text": "late"}, {"type": "websocket.close"}]
        return [("send", self.random.choice(late))]


OUT_OF_ORDER: list[dict[str, Any]] = [
    {"type": "http.response.body", "body": b"early", "more_body": False},
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.unknown"},
    {"type": "websocket.accept"},
]
LATE_START = OUT_OF_ORDER[1]


def exchange_of(seed: int, number: int) -> Exchange:
    author = Author(f"{seed}:{number}")
    return author.exchange()


# The application ---------------------------------------------------------------------------------


class Application:
    """Follows the script of each request, and records it."""

    def __init__(self) -> None:
        self.scripts: dict[str, Exchange] = {}
        self.records: dict[str, Record] = {}
        self.ended: dict[str, asyncio.Event] = {}
        self.startups = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            self.startups += 1
            scope["state"]["number"] = self.startups
            scope["state"]["shared"] = []
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        id = dict(scope["headers"])[b"x-exchange"].decode()
        scope["state"]["shared"].append(id)
        scope["state"][id] = "of this request only"
        log: list[Any] = []
        self.records[id] = {"scope": _copied(scope), "log": log}
        try:
            for step in self.scripts[id].steps:
                await self.follow(step, receive, send, log)
        except _Returned:
            return
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            self.ended[id].set()

    async def follow(self, step: Step, receive: Any, send: Any, log: list[Any]) -> None:
        match step:
            case ("pause",):
                await asyncio.sleep(0.001)
            case ("receive",):
                log.append(_plain(await receive()))
            case ("read",):
                while (message := _plain(await receive())).get("more_body"):
                    log.append(message)
                log.append(message)
            case ("echo",):
                message = _plain(await receive())
                log.append(message)
                if message["type"] == "websocket.receive":
                    await send({**message, "type": "websocket.send"})
            case ("send", message):
                try:
                    await send(dict(message))
                except Exception:
                    log.append(f"refused {message['type']}")
            case ("raise",):
                raise LookupError("by the script")
            case ("return",):
                raise _Returned
            case _:
                raise AssertionError(step)


class _Returned(Exception):
    """Ends the script."""


def _copied(scope: Any) -> dict[str, Any]:
    state = {"number": scope["state"]["number"], "keys": len(scope["state"])}
    return {**{key: value for key, value in scope.items() if key != "app"}, "state": state}


def _plain(message: Any) -> dict[str, Any]:
    """Return a message without fields that are absent or empty by either spelling."""
    fields = {key: value for key, value in message.items() if value is not None}
    if message["type"] == "http.request":
        fields = {"body": b"", "more_body": False, **fields}
    if message["type"] == "websocket.disconnect":
        fields = {"reason": "", **fields}
    return fields


# Servers and the client --------------------------------------------------------------------------


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # two servers run in one event loop


@asynccontextmanager
async def _serving(app: Any) -> AsyncIterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="wsproto", lifespan="on")
    server = _Server(config)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await running
        listener.close()


async def _http(
    address: tuple[str, int], id: str, exchange: Exchange, ended: asyncio.Event
) -> Record:
    """Send a request, and record the response."""
    reader, writer = await asyncio.open_connection(*address)
    connection = h11.Connection(h11.CLIENT)
    headers = [
        (b"Host", b"%s:%d" % (address[0].encode(), address[1])),
        (b"X-Exchange", id.encode()),
    ]
    headers += exchange.headers
    chunks = exchange.chunks
    if chunks is not None and exchange.chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    elif chunks is not None:
        headers.append((b"Content-Length", str(sum(map(len, chunks))).encode()))
    target = exchange.target.encode()
    seen: Record = {"body": b"", "whole": False}
    try:
        request = h11.Request(method=exchange.method, target=target, headers=headers)
        writer.write(connection.send(request) or b"")
        for chunk in chunks or ():
            writer.write(connection.send(h11.Data(data=chunk)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(2**16))
            elif isinstance(event, h11.Response):
                seen["status"] = event.status_code
                seen["headers"] = [(bytes(name), bytes(value)) for name, value in event.headers]
            elif isinstance(event, h11.Data):
                seen["body"] += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                seen["whole"] = True
                await ended.wait()  # else a later ``send`` would meet a client that left
                return seen
            else:
                return seen
    except (h11.RemoteProtocolError, OSError):
        return seen  # the body broke off
    finally:
        writer.close()


async def _websocket(
    address: tuple[str, int], id: str, exchange: Exchange, ended: asyncio.Event
) -> Record:
    """Open a WebSocket, follow the script, and record the messages."""
    reader, writer = await asyncio.open_connection(*address)
    connection = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    protocols = [value for name, value in exchange.headers if name == b"Sec-WebSocket-Protocol"]
    headers = [(b"X-Exchange", id.encode())]
    headers += [pair for pair in exchange.headers if pair[0] != b"Sec-WebSocket-Protocol"]
    request = ws.Request(
        host=f"{address[0]}:{address[1]}",
        target=exchange.target,
        extra_headers=headers,
        subprotocols=[name.strip() for value in protocols for name in value.decode().split(",")],
    )
    writer.write(connection.send(request))
    seen: Record = {"messages": [], "body": b""}
    steps = [*exchange.client]
    parts: list[Any] = []
    try:
        while True:
            data = await reader.read(2**16)
            connection.receive_data(data or None)
            for event in connection.events():
                _handshake(event, seen)
                if isinstance(event, (ws.TextMessage, ws.BytesMessage)):
                    parts.append(event.data)
                    if event.message_finished:
                        whole = "".join(parts) if isinstance(event.data, str) else b"".join(parts)
                        seen["messages"].append(whole)
                        parts.clear()
                        # Each step follows the answer to the last one, so no order is left open.
                        _act(connection, writer, steps.pop(0) if steps else ("wait",))
                elif isinstance(event, ws.CloseConnection):
                    seen["close"] = (int(event.code), event.reason or "")
                    if connection.state is wsproto.connection.ConnectionState.REMOTE_CLOSING:
                        writer.write(connection.send(event.response()))
            if not data or writer.is_closing():
                return seen
    except (wsproto.utilities.RemoteProtocolError, wsproto.utilities.LocalProtocolError, OSError):
        return seen
    finally:
        writer.close()


def _handshake(event: Any, seen: Record) -> None:
    """Record the answer to a handshake."""
    if isinstance(event, ws.AcceptConnection):
        seen["status"], seen["subprotocol"] = 101, event.subprotocol
        seen["headers"] = [(bytes(name), bytes(value)) for name, value in event.extra_headers]
    elif isinstance(event, ws.RejectConnection):
        seen["status"] = event.status_code
        seen["headers"] = [(bytes(name), bytes(value)) for name, value in event.headers]
    elif isinstance(event, ws.RejectData):
        seen["body"] += bytes(event.data)


def _act(connection: Any, writer: asyncio.StreamWriter, step: Step) -> None:
    match step:
        case ("text", text):
            writer.write(connection.send(ws.TextMessage(data=text)))
        case ("bytes", data):
            writer.write(connection.send(ws.BytesMessage(data=data)))
        case ("close", code, reason):
            writer.write(connection.send(ws.CloseConnection(code=code or 1005, reason=reason)))
        case ("lost",):
            writer.close()
        case _:
            pass  # the application ends the connection


# Known differences -------------------------------------------------------------------------------

Change = Callable[[Exchange, Record], None]
Pairs = list[tuple[bytes, bytes]]


def _joined(headers: Pairs) -> Pairs:
    cookies = [pair for pair in headers if pair[0] == b"set-cookie"]
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name != b"set-cookie":
            values.setdefault(name, []).append(value)
    return sorted([*cookies, *((name, b", ".join(each)) for name, each in values.items())])


def _changed_scope(change: Callable[[Exchange, dict[str, Any]], None]) -> Change:
    def apply(exchange: Exchange, record: Record) -> None:
        if "scope" in record:
            change(exchange, record["scope"])

    return apply


def _join_scope(exchange: Exchange, scope: dict[str, Any]) -> None:
    scope["headers"] = [(name, value.strip()) for name, value in _joined(scope["headers"])]


def _replace_invalid(exchange: Exchange, scope: dict[str, Any]) -> None:
    pairs = scope["headers"]
    scope["headers"] = [(name, value.decode(errors="replace").encode()) for name, value in pairs]


def _add_headers(exchange: Exchange, scope: dict[str, Any]) -> None:
    added = {b"cf-connecting-ip": b"127.0.0.1"}
    if exchange.kind == "websocket":
        added[b"upgrade"] = b"websocket"
        if scope["subprotocols"]:
            added[b"sec-websocket-protocol"] = ", ".join(scope["subprotocols"]).encode()
    others = [pair for pair in scope["headers"] if pair[0] not in added]
    scope["headers"] = sorted([*others, *added.items()])


def _drop_port(exchange: Exchange, scope: dict[str, Any]) -> None:
    scope["client"] = (scope["client"][0], 0)


def _normalize_url(exchange: Exchange, scope: dict[str, Any]) -> None:
    url = urlsplit(_url.parse(f"http://e.com{exchange.target}") or "")
    scope["path"], scope["raw_path"] = unquote(url.path), url.path.encode()
    scope["query_string"] = url.query.encode()


def _add_env(exchange: Exchange, scope: dict[str, Any]) -> None:
    scope["env"] = "an Env"


def _join_pieces(exchange: Exchange, record: Record) -> None:
    log: list[Any] = []
    for entry in record.get("log", ()):
        last: Any = log[-1] if log else None
        if _is_piece(entry) and _is_piece(last) and last["more_body"]:
            log[-1] = {**entry, "body": last["body"] + entry["body"]}
        else:
            log.append(entry)
    for number, entry in enumerate(log):
        if _is_piece(entry) and ("read",) not in exchange.steps:
            log[number] = {"type": "http.request"}  # a first piece of any length
    if "log" in record:
        record["log"] = log


def _is_piece(entry: Any) -> bool:
    return isinstance(entry, dict) and entry["type"] == "http.request"


def _changed_headers(change: Callable[[Exchange, Record, Pairs], Pairs]) -> Change:
    def apply(exchange: Exchange, record: Record) -> None:
        if "headers" in record:
            record["headers"] = change(exchange, record, record["headers"])

    return apply


def _drop_server(exchange: Exchange, record: Record, headers: Pairs) -> Pairs:
    dropped = (b"server", b"date", b"connection", b"transfer-encoding")
    return [pair for pair in headers if pair[0] not in dropped]


def _join_headers(exchange: Exchange, record: Record, headers: Pairs) -> Pairs:
    return [(name, value.strip()) for name, value in _joined(headers)]


def _send_utf8(exchange: Exchange, record: Record, headers: Pairs) -> Pairs:
    return [(name, text_of_header(value).encode()) for name, value in headers]


def _set_length(exchange: Exchange, theirs: Record, ours: Record) -> None:
    """Add the Content-Length of our side, if uvicorn sent the same body in chunks."""
    length = dict(ours.get("headers", ())).get(b"content-length")
    if theirs.get("whole") or exchange.kind == "websocket":
        is_missing = b"content-length" not in dict(theirs["headers"])
        if is_missing and length == str(len(theirs["body"])).encode():
            theirs["headers"] = sorted([*theirs["headers"], (b"content-length", length)])


def _drop_type(exchange: Exchange, record: Record, headers: Pairs) -> Pairs:
    # No script sets a Content-Type.
    return [pair for pair in headers if pair[1] != b"text/plain; charset=utf-8"]


def _replace_broken(exchange: Exchange, record: Record) -> None:
    if "breaks off before its body" in exchange.traits:
        body = b"Internal Server Error"
        length = (b"content-length", str(len(body)).encode())
        record.update(status=500, whole=True, headers=[length], body=body)


def _complete(exchange: Exchange, record: Record) -> None:
    if "no body" in exchange.traits and "status" in record:
        record["whole"] = True


FORBIDDEN = [(b"content-length", b"9"), (b"content-type", b"text/plain;charset=UTF-8")]


def _forbid(exchange: Exchange, record: Record) -> None:
    closes = ("send", {"type": "websocket.close", "code": 1008}) in exchange.steps
    if closes and record.get("status") == 403:
        record.update(body=b"Forbidden", headers=FORBIDDEN)


def _forbid_unanswered(exchange: Exchange, record: Record) -> None:
    if "returns before its handshake" in exchange.traits:
        record.update(status=403, body=b"Forbidden", headers=FORBIDDEN)


def _close(exchange: Exchange, record: Record) -> None:
    if "ends without a close" in exchange.traits:
        record["close"] = (1011 if ("raise",) in exchange.steps else 1000, "")


class Known(NamedTuple):
    """A known difference: its reason, and its effect on the record of uvicorn."""

    reason: str
    change: Change


KNOWN = [
    Known("The scope has the Worker's Env.", _changed_scope(_add_env)),
    Known("A Worker does not know the client's port.", _changed_scope(_drop_port)),
    Known("Headers of the request are joined and sorted by name.", _changed_scope(_join_scope)),
    Known("The runtime decodes headers as UTF-8.", _changed_scope(_replace_invalid)),
    Known(
        "CF-Connecting-IP, and what makes a WebSocket, are headers of the request.",
        _changed_scope(_add_headers),
    ),
    Known("The URL Standard normalizes the path.", _changed_scope(_normalize_url)),
    Known("A request's body comes in other pieces.", _join_pieces),
    Known("Date and Server are the server's own.", _changed_headers(_drop_server)),
    Known("The runtime encodes headers as UTF-8.", _changed_headers(_send_utf8)),
    Known(
        "Headers of the response are joined and sorted by name.", _changed_headers(_join_headers)
    ),
    Known("The runtime's 500 has no Content-Type.", _changed_headers(_drop_type)),
    Known("A response that has not begun becomes a 500.", _replace_broken),
    Known("A response without a body is whole when it has begun.", _complete),
    Known("A 403 for a WebSocket has a text.", _forbid),
    Known("A WebSocket that is not answered is a 403.", _forbid_unanswered),
    Known("An application that ends closes its WebSocket.", _close),
]
SETS_LENGTH = "The runtime sets Content-Length, unless it streams a body of unknown length."


def _explained(exchange: Exchange, record: Record, other: Record, counts: Counter[str]) -> None:
    for reason, change in KNOWN:
        before = repr(record)
        change(exchange, record)
        counts[reason] += repr(record) != before
        change(exchange, other)  # it must hold there, so this changes nothing of importance
    before = repr(record)
    _set_length(exchange, record, other)
    counts[SETS_LENGTH] += repr(record) != before


# The comparison ----------------------------------------------------------------------------------


async def compare(seed: int, numbers: Iterable[int]) -> Report:
    """Run the exchanges of these numbers on both sides, until the first unknown difference."""
    plain, inside = Application(), Application()
    runtime: FakeRuntime[Any] = FakeRuntime(asgi.entrypoint(inside, Env), env=Env)
    kinds: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    async with _serving(plain) as uvicorns, _serving(served(runtime)) as workers:
        for number in numbers:
            exchange = exchange_of(seed, number)
            kinds[exchange.kind] += 1
            theirs = await _run(plain, uvicorns, str(number), exchange)
            ours = await _run(inside, workers, str(number), exchange)
            raw = (repr(theirs), repr(ours))
            _explained(exchange, theirs, ours, explained)
            if theirs != ours:
                lines = [f"seed {seed}, exchange {number}", *_differences(theirs, ours)]
                texts = {"script": repr(exchange), "uvicorn": raw[0], "Worker": raw[1]}
                lines += [f"{name}: {_short(text)}" for name, text in texts.items()]
                return Report(kinds.total(), kinds, explained, "\n".join(lines))
    assert (plain.startups, inside.startups) == (1, 1)
    return Report(kinds.total(), kinds, explained, "")


async def _run(app: Application, address: tuple[str, int], id: str, exchange: Exchange) -> Record:
    app.scripts[id], app.ended[id] = exchange, asyncio.Event()
    talk = _websocket if exchange.kind == "websocket" else _http
    try:
        async with asyncio.timeout(TIMEOUT):
            client = await talk(address, id, exchange, app.ended[id])
            await app.ended[id].wait()
    except TimeoutError:
        client = {"body": b"", "hung": True}
    record = {**app.records.pop(id, {}), **client}
    if "scope" in record:
        scope = record["scope"]
        if scope.get("env") is not None:
            scope["env"] = "an Env"
        assert scope.pop("server") == address
        # The two servers listen on different ports, and a client's key is random.
        host = f"{address[0]}:{address[1]}".encode()
        scope["headers"] = [
            (name, b"(address)".join(value.split(host)) if name != b"sec-websocket-key" else b"")
            for name, value in scope["headers"]
        ]
    del app.scripts[id]
    return record


def _differences(theirs: Record, ours: Record) -> Iterator[str]:
    for name in sorted({*theirs, *ours}):
        if isinstance(theirs.get(name), dict) and isinstance(ours.get(name), dict):
            yield from _differences(theirs[name], ours[name])
        elif theirs.get(name) != ours.get(name):
            yield f"  {name}: uvicorn {_short(repr(theirs.get(name)))}"
            yield f"  {' ' * len(name)}  Worker  {_short(repr(ours.get(name)))}"


def _short(text: str) -> str:
    """Return a text in which a long run of one character is cut."""
    return re.sub(r"(.)\1{9,}", r"\1\1…", text)
