"""The Worker of test_wsgi.py: a WSGI application that streams for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from pyworkers_sdk import wsgi

USER: ContextVar[str] = ContextVar("user")
log: list[str] = []


class Endless:
    def __init__(self, name: str) -> None:
        self.name = name
        self.token = USER.set(name)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"x" * 10_000

    def close(self) -> None:
        USER.reset(self.token)  # raises ValueError in another context
        log.append(self.name)


def app(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/log":
        return [" ".join(log).encode()]
    return Endless(environ["PATH_INFO"][1:])


Default = wsgi.entrypoint(app)
