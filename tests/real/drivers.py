"""Ways to drive the Workers of test_handlers.py: on the fake, and in workerd."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import httpx
import pytest

from pyworkers_sdk.testing import FakeRuntime
from tests.real import handlers_worker, legacy_worker, tail_worker, worlds

SECRET = "do-not-tell-me-3141"
HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds until something that does not come is missed; a busy machine takes some of them."""
THEN = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)
MAIL = b"""\
From: Her <her@example.com>
To: me@example.com
Message-ID: <first@example.com>
Subject: Hello

there
""".replace(b"\n", b"\r\n")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str


class Driver(Protocol):
    async def fetch(self, path: str, worker: str = "main") -> Answer: ...
    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]: ...
    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]: ...
    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None: ...
    async def later(self) -> None:
        """Until what was left for later is done."""
        ...

    def written(self) -> str:
        """What was written to the log since this was asked last."""
        ...

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines in it."""
        return [json.loads(line) for line in self.written().splitlines() if line[:1] == "{"]


class InWorkerd(Driver):
    def __init__(self, pyodide: str, folder: Path) -> None:
        worlds.install_node_modules()
        self._clients: dict[str, httpx.Client] = {}
        workers = [
            self._worker(
                folder, "main", tails=["tail"], streamingTails=["tail"], outboundService="tail"
            ),
            self._worker(folder, "tail"),
            self._worker(folder, "legacy", compatibilityDate="2025-08-01"),
        ]
        workers[2]["exports"] = {}
        spec = {"pyodide": pyodide, "port": 0, "workers": workers}
        self.world = worlds.World(f"workerd-{pyodide}", "workerd.mjs", spec)
        self._read = 0
        self._invocations = 0  # of "main"

    def start(self) -> None:
        self.world.start()
        for name in ("main", "tail", "legacy"):
            # straight to the Worker: miniflare's own front makes pages of errors
            url = self.world.admin("direct", worker=name)
            client = httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE)
            self._clients[name] = client

    def _worker(self, folder: Path, name: str, **options: Any) -> dict[str, Any]:
        source = "handlers" if name == "main" else name
        (folder / name).mkdir()
        shutil.copyfile(HERE / f"{source}_worker.py", folder / name / "worker.py")
        return {
            "name": name,
            "root": str(folder / name),
            "main": "worker.py",
            "modules": [str(worlds.built_wheel()), str(worlds.runtime_sdk())],
            "options": {
                "compatibilityDate": "2026-07-01",
                "bindings": {"SECRET": SECRET},
                "unsafeDirectSockets": [{"host": "127.0.0.1", "port": 0}],
                **options,
            },
        }

    def stop(self) -> None:
        self.world.stop()
        for client in self._clients.values():
            client.close()

    async def fetch(self, path: str, worker: str = "main") -> Answer:
        self._invocations += worker == "main"
        answer = self._clients[worker].get(path)
        return Answer(answer.status_code, dict(answer.headers), answer.text)

    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]:
        self._invocations += worker == "main"
        at = round(THEN.timestamp() * 1000)
        told = self.world.admin("scheduled", worker=worker, cron=cron, scheduledTime=at)
        return told["outcome"], told["noRetry"]

    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]:
        self._invocations += 1
        query = {"from": "her@example.com", "to": to, "format": "json"}
        url = f"{self.world.url}/cdn-cgi/handler/email"
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            told = (await client.post(url, params=query, content=mail)).json()
        return {
            "outcome": told["outcome"],
            "reason": told.get("rejectReason"),
            "forwards": [[one["recipient"], one["headers"]] for one in told["forwards"]],
            "replies": [[one["sender"], one["raw"]] for one in told["replies"]],
        }

    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None:
        self._invocations += worker == "main"
        messages = [{"body": body} for body in bodies]
        self.world.admin("queue", worker=worker, queue=queue, messages=messages)

    async def later(self) -> None:
        # The tail is told of an invocation when that is over, wait_until and all; each is one item
        # and one stream.
        def over() -> bool:
            told: dict[str, int] = self._clients["tail"].get("/told").json()
            return min(told.values()) >= self._invocations

        await _until(over, f"{self._invocations} invocations are over")
        await _until(lambda: self._clients["legacy"].get("/left").json() == 0, "nothing is left")

    def written(self) -> str:
        # A Worker's stdout and stderr come here through two pipes each, and keep their order there:
        # what was written before the marks is here when both marks are.
        mark = f"mark-{uuid4().hex}"
        self._clients["legacy"].get(f"/mark?{mark}")
        deadline = time.monotonic() + PATIENCE
        while (text := self.world.written(self._read)).count(f"{mark}\n".encode()) < 2:
            assert time.monotonic() < deadline, f"not written within {PATIENCE:g} s: {mark}"
            time.sleep(0.01)
        self._read += len(text)
        return text.decode().replace(f"{mark}\n", "")


async def _until(condition: Callable[[], bool], what: str) -> None:
    """Ask until the condition holds, for as long as a busy machine may take."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        await asyncio.sleep(0.05)


class OnFakes(Driver):
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._workers: dict[str, FakeRuntime[Any]] = {
            "main": FakeRuntime(
                handlers_worker.Default,
                env=handlers_worker.AppEnv,
                raise_exceptions=False,
                SECRET=SECRET,
            ),
            "tail": FakeRuntime(tail_worker.Default),
            "legacy": FakeRuntime(
                legacy_worker, env=legacy_worker.AppEnv, raise_exceptions=False, SECRET=SECRET
            ),
        }
        origin = self._workers["tail"].fetch
        self._workers["main"].outbound("http://main/*", lambda request: origin(request.url))

    async def fetch(self, path: str, worker: str = "main") -> Answer:
        answer = await self._workers[worker].fetch(f"http://{worker}{path}")
        return Answer(answer.status, dict(answer.headers.items()), await answer.text())

    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]:
        told = await self._workers[worker].scheduled(cron, scheduled_time=THEN)
        return told.outcome, told.no_retry

    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]:
        told = await self._workers["main"].email(mail, from_="her@example.com", to=to)
        return {
            "outcome": told.outcome,
            "reason": told.reject_reason,
            "forwards": [[one.rcpt_to, [[*pair] for pair in one.headers]] for one in told.forwards],
            "replies": [[one.from_, one.raw.decode()] for one in told.replies],
        }

    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None:
        await self._workers[worker].queue(bodies, queue=queue)

    async def later(self) -> None:
        for worker in self._workers.values():
            with contextlib.suppress(LookupError):
                await worker.drain()

    def written(self) -> str:
        lines = self._capsys.readouterr().err.splitlines()
        told = [json.loads(line) for line in lines]
        ours = [f"{one['message']}\n{one['exception']}" for one in told if one["logger"] != "app"]
        return "\n".join([*(line for line in lines if '"app"' in line), *ours, ""])
