"""The Worker of test_connect.py: TCP servers and their clients.

tests/testing/test_tcp_connect.py runs the same clients over the fakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pyworkers_sdk import (
    DurableObject,
    DurableObjectNamespace,
    Env,
    Request,
    Response,
    Service,
    Socket,
    StreamError,
    WorkerEntrypoint,
    WorkersError,
)


class AppEnv(Env):
    BROKEN: Service
    COUNTERS: DurableObjectNamespace[Counter]
    ECHO: Service
    HASTY: Service
    LATE: Service
    TALKER: Service


seen: list[Any] = []
"""The records of the servers about the end of their connections."""


class Echo(WorkerEntrypoint[AppEnv]):
    async def connect(self, socket: Socket) -> None:
        while data := await socket.read():
            await socket.write(data)
        seen.append("all was read")


class Late(WorkerEntrypoint[AppEnv]):
    """Answers when the client has closed its side."""

    async def connect(self, socket: Socket) -> None:
        data = await socket.readable.bytes()
        seen.append([len(data), await outcome_of(socket.write(b"thanks"))])


class Talker(WorkerEntrypoint[AppEnv]):
    """Sends its properties and reads nothing."""

    async def connect(self, socket: Socket) -> None:
        info = await socket.opened
        properties = [*info.values(), socket.secure_transport, socket.upgraded, self.ctx.props]
        await socket.write(repr(properties).encode())


class Hasty(WorkerEntrypoint[AppEnv]):
    async def connect(self, socket: Socket) -> None:
        return


class Broken(WorkerEntrypoint[AppEnv]):
    async def connect(self, socket: Socket) -> None:
        await socket.read()
        raise LookupError("it broke")


class Counter(DurableObject[AppEnv]):
    async def connect(self, socket: Socket) -> None:
        async for data in socket.readable:
            count = await self.ctx.storage.get("count", int) or 0
            await self.ctx.storage.put("count", count + len(data))
            await socket.write(str(count + len(data)).encode())


async def outcome_of(attempt: Awaitable[Any]) -> Any:
    """Return the result or the error of an attempt, or "nothing" after 30 seconds."""
    try:
        return await asyncio.wait_for(attempt, 30)
    except (WorkersError, StreamError) as error:
        return [type(error).__name__, error.js_name, error.message]
    except TimeoutError:
        return "nothing"


async def read_all(socket: Socket) -> Any:
    """Return everything that the socket receives until its end."""
    return (await socket.readable.bytes()).decode()


async def talks(env: AppEnv) -> Any:
    async with env.ECHO.connect("db.example:5432") as socket:
        info = await socket.opened
        await socket.write(b"one")
        got = [(await socket.read()).decode()]
        await socket.write(b"two")
        got.append((await socket.read()).decode())
    return [*got, info["remote_address"], info["local_address"], await outcome_of(_closed(socket))]


async def _closed(socket: Socket) -> Any:
    return await socket.closed


async def _opened(socket: Socket) -> Any:
    return (await socket.opened)["remote_address"]


async def ends(env: AppEnv) -> Any:
    seen.clear()
    socket = env.ECHO.connect(("db.example", 1))
    await socket.write(b"one")
    await socket.writable.close()
    return [await outcome_of(read_all(socket)), seen]


async def leaves(env: AppEnv) -> Any:
    seen.clear()
    async with env.ECHO.connect("x:1") as socket:
        await socket.write(b"x")
        await socket.read()
    await asyncio.sleep(0.1)  # nothing may be seen meanwhile; a slow machine cannot break this
    return seen


async def asks(env: AppEnv) -> Any:
    seen.clear()
    socket = env.LATE.connect("x:1")
    await socket.write(b"please")
    await socket.writable.close()
    got = await outcome_of(read_all(socket))
    async with asyncio.timeout(30):
        while not seen:  # noqa: ASYNC110 (in workerd, an event of one request cannot wake another one)
            await asyncio.sleep(0.01)
    return [got, seen]


async def listens(env: AppEnv) -> Any:
    socket = env.TALKER.connect("db.example:5432")
    return [
        await outcome_of(read_all(socket)),
        await outcome_of(_closed(socket)),
        await outcome_of(socket.write(b"x")),
    ]


async def listens_with_options(env: AppEnv) -> Any:
    socket = env.TALKER.connect("[::1]:2", secure_transport="starttls", high_water_mark=5)
    return [await outcome_of(read_all(socket)), socket.secure_transport]


async def listens_over_tls(env: AppEnv) -> Any:
    stub: Any = env.COUNTERS.get_by_name("a")
    got: list[Any] = []
    for service in (env.TALKER, stub):
        try:
            socket = service.connect("db.example:443", secure_transport="on")
        except WorkersError as error:
            got.append([error.js_name, error.message])
        else:
            got.append([await outcome_of(_opened(socket)), await outcome_of(read_all(socket))])
    return got


async def is_left_at_once(env: AppEnv) -> Any:
    socket = env.HASTY.connect("x:1")
    return [
        await outcome_of(_opened(socket)),
        await outcome_of(read_all(socket)),
        await outcome_of(_closed(socket)),
    ]


async def meets_a_fault(env: AppEnv) -> Any:
    socket = env.BROKEN.connect("x:1")
    opened = await outcome_of(_opened(socket))
    await socket.write(b"x")
    return [opened, await outcome_of(read_all(socket)), await outcome_of(_closed(socket))]


async def counts(env: AppEnv) -> Any:
    stub: Any = env.COUNTERS.get_by_name("a")
    async with stub.connect("x:1") as socket:
        await socket.write(b"abc")
        got = [(await socket.read()).decode()]
    async with stub.connect("x:1") as socket:
        await socket.write(b"de")
        return [*got, (await socket.read()).decode()]


CLIENTS: dict[str, Callable[[AppEnv], Awaitable[Any]]] = {
    client.__name__: client
    for client in (
        talks,
        ends,
        leaves,
        asks,
        listens,
        listens_with_options,
        listens_over_tls,
        is_left_at_once,
        meets_a_fault,
        counts,
    )
}

CLOSED = ["StreamError", "TypeError", "This WritableStream has been closed."]
CANNOT = (
    "proxy request failed, cannot connect to the specified address. It looks like you might be "
    "trying to connect to a HTTP-based service \u2014 consider using fetch instead"
)

EXPECTED: dict[str, Any] = {
    "talks": ["one", "two", "db.example:5432", None, None],
    "ends": ["one", ["all was read"]],
    "leaves": [],
    "asks": ["thanks", [[6, None]]],
    "listens": ["[None, 'db.example:5432', 'off', False, {'to': 'Talker'}]", None, CLOSED],
    "listens_with_options": ["[None, '[::1]:2', 'off', False, {'to': 'Talker'}]", "starttls"],
    "listens_over_tls": [
        ["Error", "Incoming CONNECT with TLS not supported"],
        [["WorkersError", "Error", CANNOT], ""],
    ],
    "is_left_at_once": ["x:1", "", None],
    "meets_a_fault": ["x:1", "", None],
    "counts": ["3", "5"],
}


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        name = request.url.rpartition("/")[2]
        return Response.json(await CLIENTS[name](self.env))
