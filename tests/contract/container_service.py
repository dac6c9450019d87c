"""The program in the fake world's container, like tests/real/stand_ins/containers.mjs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pyworkers_sdk import Container, ExecOutput, Request, Response
from pyworkers_sdk.testing import container, introspect_container


def scripted() -> Container:
    """Make a container that reports the requests and commands that it received."""

    async def listen(request: Request) -> Response:
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        fake = introspect_container(service)
        if path.startswith("/exit/"):
            fake.exit(int(path[6:]))
        report: dict[str, Any] = {"method": request.method, "path": path}
        return Response.json({**report, "body": await request.text(), "options": fake.options})

    async def run(cmd: list[str], stdin: bytes) -> ExecOutput:
        if cmd[0] == "sleep":
            await asyncio.sleep(60)
        report: dict[str, Any] = {"cmd": cmd}
        if stdin:
            report["stdin"] = stdin.decode()
        failed = cmd[0] == "fail"
        return ExecOutput(json.dumps(report).encode(), b"failed" if failed else b"", int(failed))

    images = {"app": "registry.example/app:1"}
    service = container(ports={8080: listen}, exec=run, images=images)
    return service
