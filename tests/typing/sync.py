"""The types of ``run_sync`` and of ``wsgi``: checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, TypedDict, assert_type

from pyworkers_sdk import D1, KV, Env, WorkerEntrypoint, run_sync, wsgi


class AppEnv(Env):
    KV: KV


class Book(TypedDict):
    title: str


def synchronous(kv: KV, db: D1) -> None:
    assert_type(run_sync(kv.get("key")), str | None)
    assert_type(run_sync(kv.put("key", "value")), None)
    assert_type(run_sync(db.prepare("SELECT title FROM books", Book).all()).results, list[Book])
    assert_type(run_sync(asyncio.sleep(0, 1)), int)
    run_sync(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return []


assert_type(wsgi.entrypoint(app), type[WorkerEntrypoint[Any]])
assert_type(wsgi.entrypoint(app, AppEnv), type[WorkerEntrypoint[AppEnv]])
wsgi.entrypoint(1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
