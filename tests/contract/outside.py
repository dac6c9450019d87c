"""The Internet of the contract checks on the fakes; workerd's is ``tests/real/outside.mjs``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pyworkers_sdk import Request, Response

if TYPE_CHECKING:
    from pyworkers_sdk.testing import TcpWriter


async def answer(request: Request) -> Response:
    parts = urlsplit(request.url)
    _, action, *rest = parts.path.split("/")
    if action == "redirect":
        status = int(rest[0])
        location = parse_qs(parts.query).get("to")
        body = None if status == 304 else "moved"
        return Response(body, status=status, headers={"location": location[0]} if location else {})
    if action == "status":
        return Response("so", status=int(rest[0]), status_text="As Asked")
    if action == "slow":
        await asyncio.sleep(1.5)
        return Response("slow")
    if action == "drip":
        return Response(_slow_chunks())
    if action == "held":
        return Response(_endless_chunks())
    if action == "cookies":
        return Response("", headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")])
    echoed = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    return Response.json({**echoed, "body": await request.text()})


async def _endless_chunks() -> AsyncIterator[bytes]:
    yield b"one "
    await asyncio.Event().wait()


async def _slow_chunks() -> AsyncIterator[bytes]:
    for drop in range(4):
        if drop:
            await asyncio.sleep(0.15)
        yield b"drip "


async def echo(reader: asyncio.StreamReader, writer: TcpWriter) -> None:
    while (data := await reader.read(1000)) not in (b"", b"QUIT", b"RESET"):
        writer.write(data)
    if data == b"QUIT":
        writer.write(b"bye")
    writer.write_eof()
    while await reader.read(1000):
        pass
