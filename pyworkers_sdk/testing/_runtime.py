"""``fake(T)`` and ``FakeRuntime``: from a type to something that works like it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, get_args, get_origin

from typing_extensions import TypeVar as TypeVarWithDefault

from .. import _rows
from .._ffi import raw
from ..env import Env, hints
from ..http import Headers, Request, Response
from ..streams import ReadableStream
from ._clock import Clock
from ._verify import verify

__all__ = ["FakeRuntime", "fake"]

_rows.verify = verify

T = TypeVar("T")
EnvT = TypeVarWithDefault("EnvT", bound=Env, default=Any)

_FAKES = {
    "KV": ("_kv", "FakeKVNamespace"),
    "D1": ("_d1", "FakeD1Database"),
}


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """A ``kind`` over memory: a binding class, or an ``Env`` with everything that it declares.

    ``given`` are an Env's variables, and bindings that should not be new ones.
    """
    clock = clock or Clock()
    if issubclass(kind, Env):
        return kind(_namespace(kind, clock, given))
    if given:
        raise TypeError(f"fake({kind.__name__}) takes no {', '.join(given)}")
    make: Any = kind
    made: T = make(_binding(kind, clock))
    return made


def _namespace(kind: type[Env], clock: Clock, given: dict[str, Any]) -> SimpleNamespace:
    """The JavaScript env of a fake: raw bindings and variables."""
    declared = hints(kind)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TypeError(f"{kind.__name__} does not declare {', '.join(unknown)}")
    made = SimpleNamespace()
    for name, hint in declared.items():
        if name in given:
            setattr(made, name, raw(given[name]))
            continue
        for one in (hint, *get_args(hint)):
            bound = get_origin(one) or one
            if hasattr(bound, "js_object"):
                setattr(made, name, _binding(bound, clock))
                break
    return made


def _binding(kind: type, clock: Clock) -> Any:
    if kind.__name__ not in _FAKES:
        raise TypeError(f"there is no fake of {kind.__name__}")
    module, name = _FAKES[kind.__name__]
    return getattr(import_module(f".{module}", __package__), name)(clock=clock)


class FakeExecutionContext:
    """JS: ExecutionContext. Keeps what was handed to ``waitUntil`` until ``drain``."""

    def __init__(self, waiting: list[Awaitable[Any]]) -> None:
        self.props: dict[str, Any] = {}
        self.waiting = waiting
        self.passes_through = False

    def waitUntil(self, promise: Awaitable[Any]) -> None:
        self.waiting.append(promise)

    def passThroughOnException(self) -> None:
        self.passes_through = True


class FakeRuntime(Generic[EnvT]):
    """A Worker on plain CPython, called as the runtime calls it.

    ``entrypoint`` is the Worker's ``Default`` class; ``env`` an Env class, whose bindings are then
    made in memory with ``given`` as its variables, or an Env that ``fake`` made. The runtime's
    ``clock`` moves when it is told to. An exception in a handler comes out of the call.
    """

    def __init__(
        self,
        entrypoint: type[Any],
        *,
        env: type[EnvT] | EnvT | None = None,
        clock: Clock | None = None,
        **given: Any,
    ) -> None:
        self.entrypoint = entrypoint
        self.clock = clock or Clock()
        ready: Any = env or Env(SimpleNamespace())
        if isinstance(env, type):
            ready = fake(env, clock=self.clock, **given)
        elif given:
            raise TypeError(f"pass the class of env to give it {', '.join(given)}")
        self.env: EnvT = ready
        self._waiting: list[Awaitable[Any]] = []

    async def fetch(
        self,
        url: str | Request,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        body: str | bytes | ReadableStream | AsyncIterable[bytes] | None = None,
    ) -> Response:
        """Send a request to the Worker; what its ``fetch`` returns."""
        request = url
        if not isinstance(request, Request):
            request = Request(request, method=method, headers=headers, body=body)
        sent = raw(request)
        sent.headers.immutable = True  # as those of a request that came over the network
        response = await self._instance().fetch(sent)
        return response if isinstance(response, Response) else Response.from_js(response)

    async def drain(self) -> None:
        """Wait for everything that handlers left to ``ctx.wait_until``; then raise its failure."""
        failed: BaseException | None = None
        while self._waiting:
            waiting, self._waiting[:] = [*self._waiting], []
            for outcome in await asyncio.gather(*waiting, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    failed = failed or outcome
        if failed is not None:
            raise failed

    def _instance(self) -> Any:
        """A new instance for each event, as in the runtime."""
        return self.entrypoint(FakeExecutionContext(self._waiting), self.env.js_object)
