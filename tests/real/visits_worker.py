"""A Worker with KV and D1. test_upload.py measures its upload."""

from __future__ import annotations

from typing import TypedDict

from pyworkers_sdk import D1, KV, Env, Request, Response, WorkerEntrypoint


class AppEnv(Env):
    NAMES: KV
    DB: D1


class Visit(TypedDict):
    name: str
    count: int


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        name = await self.env.NAMES.get("name") or "nobody"
        await self.env.DB.exec("CREATE TABLE IF NOT EXISTS visits (name PRIMARY KEY, count)")
        statement = self.env.DB.prepare(
            "INSERT INTO visits VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1"
            " RETURNING name, count",
            Visit,
        )
        visit = await statement.bind(name).first()
        await self.env.NAMES.put("name", "somebody")
        return Response.json(visit)
