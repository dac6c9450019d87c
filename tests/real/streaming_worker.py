"""The Worker of test_streaming.py: PUT stores a body in R2, GET returns it."""

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
        stored_object = await self.env.BUCKET.get(key.removesuffix("?read"))
        if stored_object is None:
            return Response(status=404)
        if key.endswith("?read"):
            return Response(str(len(await stored_object.bytes())))
        return Response(stored_object.body, headers={"etag": stored_object.http_etag})
