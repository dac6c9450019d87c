"""Entrypoints to call over RPC, and the objects that they return."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import Any, Protocol

from pyworkers_sdk import (
    D1,
    Env,
    Request,
    Response,
    RpcStub,
    RpcTarget,
    Service,
    WorkerEntrypoint,
    WorkersError,
    run_sync,
)

from .typed import TypedMethods


class CalleeEnv(Env):
    """The part of the Worker's env that these entrypoints use."""

    CALLEE: Service


log: list[Any] = []
"""Events on this side of a call, for ``Callee.log``."""


class Tally(RpcTarget):
    """An object to call methods of."""

    kind = "tally"

    def __init__(self, count: int = 0) -> None:
        self.count = count

    async def increment(self, by: int = 1) -> int:
        self.count += by
        return self.count

    def later(self, by: int) -> Awaitable[int]:
        return self.increment(by)

    @property
    def value(self) -> int:
        return self.count

    @property
    def itself(self) -> Tally:
        return self

    async def fail(self) -> None:
        raise LookupError("no such tally")

    @staticmethod
    def double(number: int) -> int:
        return 2 * number

    def _private(self) -> int:
        return 1

    def dispose(self) -> None:
        log.append(("disposed", self.count))


class Mine(ValueError):
    """An error whose class the other side does not know."""


class Refusal(PermissionError):
    """Another error whose class the other side does not know."""


class TrailError(KeyError):
    """An error whose name a Workflow stores."""


class Halt(BaseException):
    """An exception that ``except Exception`` does not catch."""


class Callee(TypedMethods, WorkerEntrypoint[CalleeEnv]):
    """A named entrypoint of the contract Worker, bound to itself."""

    constant = 5

    async def fetch(self, request: Request) -> Response:
        if request.url.endswith("/waits"):
            return Response(self.waits("answer"))
        if request.url.endswith("/fail"):
            raise LookupError("no such page")
        if "/status/" in request.url:
            return Response(status=int(request.url.rpartition("/")[2]))
        text = f"{request.method} {request.url} {await request.text()}"
        return Response(text, status=201, headers={"x-got": request.headers.get("x-sent", "")})

    async def add(self, first: int, second: int = 10, *, third: int = 0) -> int:
        return first + second + third

    def plain(self) -> str:
        return "not async"

    def waits(self, value: Any) -> Any:
        return run_sync(asyncio.sleep(0.01, value))

    async def waits_inside(self, value: Any) -> Any:
        await asyncio.sleep(0)
        return self.waits(value)

    async def echo(self, value: Any) -> Any:
        return value

    async def all(self, *values: Any) -> list[Any]:
        return list(values)

    async def count(self, database: Any) -> Any:
        return await D1(database).prepare("SELECT count(*) AS n FROM t").first("n")

    async def describe(self, value: Any) -> str:
        return describe(value)

    async def import_(self) -> str:
        return "a reserved word"

    async def props(self) -> Any:
        return self.ctx.props

    async def through_env(self) -> Any:
        return await self.env.CALLEE.add(1, 2)

    async def calls_itself(self) -> int:
        return await self.add(1, 2)

    async def fail(self, kind: str) -> None:
        raise ERRORS[kind]

    async def fail_with(self, case: str) -> None:
        from ..test_rpc_errors import RAISED

        raise RAISED[case][0]

    async def give(self, case: str) -> dict[str, Any]:
        from ..test_rpc_errors import RAISED

        return {"error": RAISED[case][0]}

    async def caught_by(self, target: Any, case: str) -> str:
        from ..test_rpc_errors import RAISED

        python = RAISED[case][1] or Exception
        try:
            await target.fail(case)
        except python:
            return python.__name__
        return "nothing"

    async def fail_for(self, cause: str) -> None:
        try:
            raise LookupError(cause)
        except LookupError as error:
            raise RuntimeError("outer") from error

    async def unclonable(self) -> Any:
        return {"a": [object()]}

    async def tally(self, count: int = 0) -> Tally:
        return Tally(count)

    async def tallies(self) -> dict[str, Any]:
        return {
            "one": Tally(1),
            "more": [Tally(2)],
            "function": lambda number: number + 1,
            "n": None,
        }

    async def adder(self, first: int) -> Callable[[int], Awaitable[int]]:
        async def add(second: int) -> int:
            return first + second

        return add

    async def apply(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        return await function(*args)

    async def twice(self, function: Callable[..., Awaitable[Any]]) -> list[Any]:
        return [*await asyncio.gather(function(1), function(2))]

    async def use(self, tally: Tally) -> list[Any]:
        return [await tally.increment(5), await tally.value]  # type: ignore[misc]

    async def keep(self, stub: RpcStub, copy: bool) -> None:
        kept.append(stub.dup() if copy else stub)

    async def use_later(self, stub: RpcStub, copy: bool) -> None:
        self.ctx.wait_until(self._use(stub.dup() if copy else stub))

    async def _use(self, stub: RpcStub) -> None:
        await asyncio.sleep(0.02)
        try:
            log.append(await stub(1))
        except WorkersError as error:
            log.append((error.js_name, error.message))

    async def pass_on(self, stub: RpcStub) -> RpcStub:
        return stub

    async def try_calling(self, stub: RpcStub, name: str) -> list[Any]:
        try:
            return ["ok", await getattr(stub, name)()]
        except WorkersError as error:
            return [error.js_name, error.message]

    async def log(self) -> list[Any]:
        events, log[:] = [*log], []
        return events

    def _private(self) -> int:
        return 1


kept: list[RpcStub] = []

ERRORS: dict[str, BaseException] = {
    "ValueError": ValueError("boom"),
    "TypeError": TypeError("not this"),
    "Mine": Mine("my own"),
    "KeyError": KeyError("key"),
    "WorkersError": WorkersError("theirs", js_name="RangeError"),
    "empty": ValueError(),
    "CancelledError": asyncio.CancelledError(),
    "Halt": Halt("no further"),
}


def describe(value: Any) -> str:
    """Describe a value in words that are the same in every world."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat() if value.tzinfo else "naive"
    if isinstance(value, (set, frozenset)):
        return f"set {sorted(map(describe, value))}"
    if isinstance(value, WorkersError):
        return f"error {value.js_name}: {value.message}"
    if isinstance(value, dict):
        inside = ", ".join(f"{key}: {describe(item)}" for key, item in value.items())
        return f"{type(value).__name__} {{{inside}}}"
    if isinstance(value, list):
        return f"list [{', '.join(map(describe, value))}]"
    return f"{type(value).__name__} {value!r}" if isinstance(value, PLAIN) else type(value).__name__


PLAIN = (bool, int, float, str, bytes, type(None))


class Admin(WorkerEntrypoint["AdminEnv"]):
    """An entrypoint that is also reached through ``ctx.exports``, with props."""

    async def through_env(self) -> Any:
        return [type(self.env).__name__, await self.env.CALLEE.add(1, 2)]

    async def who(self) -> Any:
        return self.ctx.props

    async def through_exports(self) -> list[Any]:
        exports = self.ctx.exports
        return [
            await exports.Callee.add(1, 2),
            await exports.Admin.who(),
            await exports.Admin(props={"user": "ann", "roles": ["a", None]}).who(),
        ]

    async def missing_export(self) -> Any:
        return await self.ctx.exports.Nobody.who()


class AdminEnv(CalleeEnv):
    """An env class that is defined after the class that names it."""


class Adds(Protocol):
    """The interface of another Worker, as its caller declares it."""

    async def add(self, first: int, second: int = 10, *, third: int = 0) -> int: ...
