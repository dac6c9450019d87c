"""What the fakes of running code stand on: a host, the Workers in it, and what is due there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

from .._clock import Clock
from .traces import FakeTracing

__all__ = [
    "Bindings",
    "Engine",
    "FakeExecutionContext",
    "Front",
    "Host",
    "Script",
    "adopt",
    "current_host",
    "install_exports",
]

T = TypeVar("T")


class Engine(Protocol):
    """Something that has work of its own to do as time goes by: alarms, queues, Workflows."""

    async def run_due(self) -> list[Any]:
        """Do one round of what is due by now on the clock; what happened."""
        ...


class Host:
    """One machine: a clock, the Workers on it, and all the work that they leave for later."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.waiting: list[Awaitable[Any]] = []
        self.engines: list[Engine] = []
        self.scripts: dict[str, Script] = {}
        self.company: list[Host] = [self]
        self.access: Any = None
        self.cache: Any = None
        self._shared: dict[Any, Any] = {}

    def join(self, other: Host) -> None:
        """Drain two hosts together from here on."""
        if other.clock is not self.clock:
            raise TypeError("Workers that are bound to each other need one clock: give both clock=")
        company = [*dict.fromkeys([*self.company, *other.company])]
        for host in company:
            host.company = company

    def name(self, wanted: str) -> str:
        """A name for a new Worker: the one that is wanted, or one like it that is free."""
        free = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(self.scripts) + 2))
        return next(name for name in free if name not in self.scripts)

    def shared(self, make: Callable[[Host], T]) -> T:
        """The one ``make(host)`` of this host, made when it is first asked for."""
        if make not in self._shared:
            self._shared[make] = make(self)
        found: T = self._shared[make]
        return found

    @contextmanager
    def entered(self) -> Generator[None]:
        """While a handler runs: what is global to it (``fetch``, ``caches``) is this host's."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    async def drain(self) -> list[Any]:
        """Everything that is due by now; what happened. What ``waitUntil`` work raised comes out at
        the end."""
        failed: BaseException | None = None
        happened: list[Any] = []
        working = True
        await asyncio.sleep(0)  # a test that drains till something has happened lets it happen
        while working:
            waiting = [each for host in self.company for each in host.waiting]
            for host in self.company:
                host.waiting.clear()
            for outcome in await asyncio.gather(*waiting, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    failed = failed or outcome
            engines = [engine for host in self.company for engine in host.engines]
            rounds = [each for engine in engines for each in await engine.run_due()]
            happened += rounds
            working = bool(rounds or any(host.waiting for host in self.company))
        if failed is not None:
            raise failed
        return happened


_current: ContextVar[Host | None] = ContextVar("current_host", default=None)


def current_host() -> Host | None:
    """The host whose handler is running, if one is."""
    return _current.get()


def adopt(fake: T, host: Host) -> T:
    """The same fake, on this host and its clock if it was made without."""
    for name, own in (("clock", host.clock), ("host", host)):
        if fake is not None and getattr(fake, name, fake) is None:
            setattr(fake, name, own)
    return fake


class Bindings(SimpleNamespace):
    """The JavaScript ``env`` of a Worker: raw bindings and variables, and nothing else to see."""

    __slots__ = ("script",)

    def __init__(self, script: Script) -> None:
        self.script: Script = script


def _no_exports(script: Script) -> Any:
    raise RuntimeError("pyworkers_sdk.testing is not installed")


_make_exports: Callable[[Script], Any] = _no_exports


def install_exports(make: Callable[[Script], Any]) -> None:
    """Make ``ctx.exports`` by ``make``, which needs more of the runtime than a host does."""
    global _make_exports
    _make_exports = make


class Front(Protocol):
    """Static assets that answer requests before the Worker does."""

    @property
    def assets(self) -> Any: ...
    def takes(self, request: Any) -> bool:
        """Return True if the assets answer this request."""
        ...


class Script:
    """One Worker: its env, and the classes that it exports, by name."""

    def __init__(self, host: Host, name: str = "worker", env: Any = None) -> None:
        self.host = host
        self.name = name
        self.env: Any = Bindings(script=self) if env is None else env
        self.exports: dict[str, type[Any]] = {}
        self.front: Front | None = None
        host.scripts[name] = self

    def exports_view(self) -> Any:
        """Return a new ``ctx.exports`` of this Worker."""
        return _make_exports(self)

    def enter(self, kind: type[Any], props: Any = None) -> Any:
        """A new instance of an entrypoint, as for each event in the runtime; its door."""
        return kind(FakeExecutionContext(self, props), self.env)


class FakeExecutionContext:
    """JS: ExecutionContext. Keeps what was handed to ``waitUntil`` until ``drain``."""

    def __init__(self, script: Script, props: Any = None) -> None:
        self.script = script
        self.props: Any = {} if props is None else props
        self.passes_through: bool = False
        self.tracing: FakeTracing = FakeTracing()

    @property
    def access(self) -> Any:
        return self.script.host.access

    @property
    def cache(self) -> Any:
        return self.script.host.cache

    @property
    def exports(self) -> Any:
        return self.script.exports_view()

    def waitUntil(self, promise: Awaitable[Any]) -> None:
        self.script.host.waiting.append(promise)

    def passThroughOnException(self) -> None:
        self.passes_through = True
