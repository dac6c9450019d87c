"""Write a Worker and its wrangler configuration into a folder, and build its runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import ConfigError, FakeRuntime

HEAD = """
from pyworkers_sdk import D1, KV, R2, Env, MessageBatch, Queue, Request, Response, WorkerEntrypoint
"""
PLAIN = """
class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response("ok")
"""


COMPATIBLE = {"compatibility_date": "2026-07-01", "compatibility_flags": ["python_workers"]}
"""The keys that every configuration of a Python Worker needs."""


def write(path: str, text: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return Path(path)


def worker(
    config: dict[str, Any] | str | None = None, code: str = PLAIN, *, folder: str = "."
) -> FakeRuntime[Any]:
    """Write a Worker, and return its runtime."""
    return FakeRuntime.from_config(written(config, code, folder=folder))


def written(
    config: dict[str, Any] | str | None = None, code: str = PLAIN, *, folder: str = "."
) -> str:
    write(f"{folder}/src/entry.py", HEAD + code)
    if not isinstance(config, str):
        start = {"name": "app", "main": "src/entry.py"}
        config = json.dumps({**start, **(config or {}), **COMPATIBLE, **(config or {})}, indent=1)
    return str(write(f"{folder}/wrangler.jsonc", config))


def app(*fields: str) -> str:
    """Return the code of a Worker whose Env has these fields. It answers with their values."""
    declared = "\n    ".join(fields)
    return f"""
class AppEnv(Env):
    {declared}

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        name = request.url.rpartition("/")[2]
        return Response.json(repr(getattr(self.env, name)))
"""


def refused(config: dict[str, Any] | str, code: str = PLAIN, **options: Any) -> str:
    """Return the message of the ConfigError that a configuration raises."""
    path = written(config, code)
    with pytest.raises(ConfigError) as caught:
        FakeRuntime.from_config(path, **options)
    return str(caught.value)


async def text(runtime: FakeRuntime[Any], path: str = "") -> str:
    return await (await runtime.fetch(f"https://example.com/{path}")).text()
