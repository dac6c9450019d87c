"""The Worker of test_streaming.py: what is put goes into R2, and what is got comes from there."""

from __future__ import annotations

import _harness  # type: ignore[import-not-found]

from pyworkers_sdk import R2, Env, Request, Response, WorkerEntrypoint


class AppEnv(Env):
    BUCKET: R2


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        key = request.url.rpartition("/")[2]
        if key == "memory":
            return Response(str(_harness.wasm_memory_bytes()))
        if request.method == "PUT":
            stored = await self.env.BUCKET.put(key, request.body)
            return Response(str(stored.size))
        found = await self.env.BUCKET.get(key.removesuffix("?read"))
        if found is None:
            return Response(status=404)
        if key.endswith("?read"):
            return Response(str(len(await found.bytes())))
        return Response(found.body, headers={"etag": found.http_etag})
