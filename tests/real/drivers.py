"""Drivers for the Workers of test_handlers.py: one on the fakes, one in workerd."""

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
TIMEOUT = 60.0
"""The timeout of every wait, in seconds. A busy machine needs some of them."""
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
    """Delivers events to the Workers, and collects their log."""

    async def fetch(
        self, path: str, worker: str = "main", headers: dict[str, str] | None = None
    ) -> Answer: ...
    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]: ...
    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]: ...
    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None: ...
    async def later(self) -> None:
        """Wait until all work in ``wait_until`` is done."""
        ...

    def written(self) -> str:
        """Return the log since the last call."""
        ...

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON lines of the log since the last call."""
        return [json.loads(line) for line in self.written().splitlines() if line[:1] == "{"]


class InWorkerd(Driver):
    def __init__(self, pyodide: str, folder: Path) -> None:
        worlds.install_node_modules()
        self._date = worlds.DATES[pyodide]
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
            # Connect to the Worker itself: miniflare's entry Worker replaces errors by HTML pages.
            url = self.world.admin("direct", worker=name)
            client = httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT)
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
                "compatibilityDate": self._date,
                "bindings": {"SECRET": SECRET},
                "unsafeDirectSockets": [{"host": "127.0.0.1", "port": 0}],
                **options,
            },
        }

    def stop(self) -> None:
        self.world.stop()
        for client in self._clients.values():
            client.close()

    async def fetch(
        self, path: str, worker: str = "main", headers: dict[str, str] | None = None
    ) -> Answer:
        self._invocations += worker == "main"
        response = self._clients[worker].get(path, headers=headers)
        return Answer(response.status_code, dict(response.headers), response.text)

    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]:
        self._invocations += worker == "main"
        time_ms = round(THEN.timestamp() * 1000)
        result = self.world.admin("scheduled", worker=worker, cron=cron, scheduledTime=time_ms)
        return result["outcome"], result["noRetry"]

    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]:
        self._invocations += 1
        query = {"from": "her@example.com", "to": to, "format": "json"}
        url = f"{self.world.url}/cdn-cgi/handler/email"
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
            result = (await client.post(url, params=query, content=mail)).json()
        return {
            "outcome": result["outcome"],
            "reason": result.get("rejectReason"),
            "forwards": [[item["recipient"], item["headers"]] for item in result["forwards"]],
            "replies": [[reply["sender"], reply["raw"]] for reply in result["replies"]],
        }

    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None:
        self._invocations += worker == "main"
        messages = [{"body": body} for body in bodies]
        self.world.admin("queue", worker=worker, queue=queue, messages=messages)

    async def later(self) -> None:
        # The tail Worker receives an invocation when it is over, with its wait_until: one item and
        # one stream for each.
        def over() -> bool:
            counts: dict[str, int] = self._clients["tail"].get("/counts").json()
            return min(counts.values()) >= self._invocations

        await _until(over, f"{self._invocations} invocations are over")
        await _until(lambda: self._clients["legacy"].get("/left").json() == 0, "nothing is left")

    def written(self) -> str:
        # A Worker's stdout and stderr each come through two pipes that keep their order. So when
        # both marks have arrived, everything before the marks has arrived too.
        mark = f"mark-{uuid4().hex}"
        self._clients["legacy"].get(f"/mark?{mark}")
        deadline = time.monotonic() + TIMEOUT
        while (text := self.world.written(self._read)).count(f"{mark}\n".encode()) < 2:
            assert time.monotonic() < deadline, f"missing from the log after {TIMEOUT:g} s: {mark}"
            time.sleep(0.01)
        self._read += len(text)
        return text.decode().replace(f"{mark}\n", "")


async def _until(condition: Callable[[], bool], description: str) -> None:
    """Poll until the condition holds; fail after the timeout."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"not within {TIMEOUT:g} s: {description}"
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

    async def fetch(
        self, path: str, worker: str = "main", headers: dict[str, str] | None = None
    ) -> Answer:
        response = await self._workers[worker].fetch(f"http://{worker}{path}", headers=headers)
        return Answer(response.status, dict(response.headers.items()), await response.text())

    async def tail(self, request: dict[str, Any]) -> None:
        """Deliver an item of a request, as the runtime does in workerd."""
        await self._workers["tail"].tail([{"event": {"request": request}}])

    async def scheduled(self, cron: str, worker: str = "main") -> tuple[str, bool]:
        result = await self._workers[worker].scheduled(cron, scheduled_time=THEN)
        return result.outcome, result.no_retry

    async def email(self, to: str, mail: bytes = MAIL) -> dict[str, Any]:
        result = await self._workers["main"].email(mail, from_="her@example.com", to=to)
        return {
            "outcome": result.outcome,
            "reason": result.reject_reason,
            "forwards": [
                [item.rcpt_to, [[*pair] for pair in item.headers]] for item in result.forwards
            ],
            "replies": [[reply.from_, reply.raw.decode()] for reply in result.replies],
        }

    async def queue(self, worker: str, queue: str, bodies: list[Any]) -> None:
        await self._workers[worker].queue(bodies, queue=queue)

    async def later(self) -> None:
        for worker in self._workers.values():
            with contextlib.suppress(LookupError):
                await worker.drain()

    def written(self) -> str:
        lines = self._capsys.readouterr().err.splitlines()
        records = [json.loads(line) for line in lines]
        errors = [
            f"{record['message']}\n{record['exception']}"
            for record in records
            if record["logger"] != "app"
        ]
        return "\n".join([*(line for line in lines if '"app"' in line), *errors, ""])
