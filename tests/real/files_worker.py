"""The Worker of test_files.py: PUT uploads a body of unknown length, GET and HEAD serve it."""

from __future__ import annotations

import _harness  # type: ignore[import-not-found]

from pyworkers_sdk import R2, Env, Request, Response, WorkerEntrypoint


class AppEnv(Env):
    BUCKET: R2


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        key = request.url.rpartition("/")[2].partition("?")[0]
        if key == "memory":
            return Response(str(_harness.wasm_memory_bytes()))
        if request.method == "PUT":
            stored = await self.env.BUCKET.upload(key, request.body, http_metadata=request.headers)
            return Response(f"{stored.size} {stored.http_etag}")
        headers = request.headers if "cut" not in request.query else None
        served = await self.env.BUCKET.get(key, range=headers)
        if served is None:
            return Response("Not found", status=404)
        response = served.response(request)
        response.headers.set_cookie("seen", key, same_site="Lax")
        return response
