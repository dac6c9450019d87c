"""Workers that stand in for others in the tests of dispatch namespaces and loaders."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import DurableObject, Env, Fetcher, Request, Response, WorkerEntrypoint


class Shop(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        self.ctx.wait_until(self.later())
        return Response("shop")

    async def later(self) -> None:
        done.append("later")

    async def price(self, name: str) -> int:
        return len(name)


class Admin(WorkerEntrypoint):
    async def role(self) -> Any:
        return self.ctx.props


done: list[str] = []


class ShopEnv(Env):
    NAME: str


class Named(WorkerEntrypoint[ShopEnv]):
    async def fetch(self, request: Request) -> Response:
        return Response(self.env.NAME)


class Plain:
    async def fetch(self, request: Request) -> Response:
        return Response("plain")


async def text_of(fetcher: Fetcher) -> str:
    return await (await fetcher.fetch("https://example.com/")).text()


class Tally(DurableObject):
    async def add(self, number: int) -> int:
        total = (self.ctx.storage.kv.get("total") or 0) + number
        self.ctx.storage.kv.put("total", total)
        assert isinstance(total, int)
        return total
