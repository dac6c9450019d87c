"""The Worker of test_tls.py: a client of a TLS server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyworkers_sdk import Request, Response, WorkerEntrypoint, WorkersError, connect


async def on(address: str) -> list[Any]:
    async with connect(address, secure_transport="on") as socket:
        await socket.write(b"hello")
        return [(await socket.read()).decode(), socket.secure_transport, socket.upgraded]


async def starttls(address: str) -> list[Any]:
    socket = connect(address, secure_transport="starttls")
    await socket.write(b"STARTTLS")
    ready = (await socket.read()).decode()
    async with socket.start_tls() as secure:
        info = await secure.opened
        await socket.closed
        await secure.write(b"hello")
        exchanged = [ready, (await secure.read()).decode(), info["remote_address"] == address]
        return [*exchanged, secure.secure_transport, socket.upgraded]


class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        client = {"/on": on, "/starttls": starttls}[parts.path]
        try:
            return Response.json(await client(parts.query))
        except WorkersError as error:
            return Response(str(error), status=502)
