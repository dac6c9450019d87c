"""What runs in the fake world's container: the same as in tests/real/stand_ins/containers.mjs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pyworkers_sdk import Container, ExecOutput, Request, Response
from pyworkers_sdk.testing import container, introspect_container


def scripted() -> Container:
    """A container which tells what it was asked."""

    async def listen(request: Request) -> Response:
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        inside = introspect_container(made)
        if path.startswith("/exit/"):
            inside.exit(int(path[6:]))
        told: dict[str, Any] = {"method": request.method, "path": path}
        return Response.json({**told, "body": await request.text(), "options": inside.options})

    async def run(cmd: list[str], stdin: bytes) -> ExecOutput:
        if cmd[0] == "sleep":
            await asyncio.sleep(60)
        told: dict[str, Any] = {"cmd": cmd}
        if stdin:
            told["stdin"] = stdin.decode()
        failed = cmd[0] == "fail"
        return ExecOutput(json.dumps(told).encode(), b"failed" if failed else b"", int(failed))

    images = {"app": "registry.example/app:1"}
    made = container(ports={8080: listen}, exec=run, images=images)
    return made
