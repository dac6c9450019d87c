"""A process that runs several Workers: their scripts, shared state and pending work.

``Host`` is the process, ``Script`` a Worker in it, ``FakeExecutionContext`` the ``ctx`` of one
event. Only this module knows which host is running (``current_host``): the global ``fetch``,
``caches`` and sockets of the code that runs are its host's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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
    "after_handlers",
    "current_host",
    "install_exports",
    "left",
]

T = TypeVar("T")


class Engine(Protocol):
    """A source of work that becomes due as the clock advances: alarms, queues, Workflows."""

    async def run_due(self) -> list[Any]:
        """Do the work that is due by now, once, and return a description of each piece."""
        ...


class Host:
    """A process: a clock, the Workers that run in it, and their pending work."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.pending_work: list[Awaitable[Any]] = []
        """The promises passed to ``waitUntil`` since the last ``drain``."""
        self.engines: list[Engine] = []
        self.scripts: dict[str, Script] = {}
        self.linked: list[Host] = [self]
        """The hosts that are drained together with this one. Linked hosts share one list."""
        self.access: Any = None
        self.cache: Any = None
        self._shared: dict[Any, Any] = {}

    def join(self, other: Host) -> None:
        """Link two hosts, so that ``drain`` of one drains both.

        Raises:
            TypeError: The hosts have different clocks.
        """
        if other.clock is not self.clock:
            raise TypeError("Workers bound to each other need the same clock; pass clock= to both")
        linked = [*dict.fromkeys([*self.linked, *other.linked])]
        for host in linked:
            host.linked = linked

    def free_name(self, name: str) -> str:
        """Return a name for a new Worker: ``name``, or with a number if another Worker has it."""
        names = (name if n == 1 else f"{name}-{n}" for n in range(1, len(self.scripts) + 2))
        return next(each for each in names if each not in self.scripts)

    def shared(self, make: Callable[[Host], T]) -> T:
        """Return ``make(host)``, made on the first call. A host has one result of each ``make``."""
        if make not in self._shared:
            self._shared[make] = make(self)
        result: T = self._shared[make]
        return result

    @contextmanager
    def entered(self) -> Generator[None]:
        """Run a handler: inside, the global ``fetch`` and ``caches`` are this host's."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            for function in _after_handlers:
                function()

    async def drain(self) -> list[Any]:
        """Do all work that is due by now on the linked hosts, and describe each piece of it.

        Raises:
            BaseException: The first exception of ``waitUntil`` work, after everything else is done.
        """
        error: BaseException | None = None
        done: list[Any] = []
        has_work = True
        # Yield once: a test that drains in a loop until something has happened must let it happen.
        await asyncio.sleep(0)
        # Work begets work: a queue handler may call waitUntil, and that may send another message.
        while has_work:
            promises = [promise for host in self.linked for promise in host.pending_work]
            for host in self.linked:
                host.pending_work.clear()
            for outcome in await asyncio.gather(*promises, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    error = error or outcome
            engines = [engine for host in self.linked for engine in host.engines]
            done_now = [each for engine in engines for each in await engine.run_due()]
            done += done_now
            has_work = bool(done_now or any(host.pending_work for host in self.linked))
        if error is not None:
            raise error
        return done


_current: ContextVar[Host | None] = ContextVar("current_host", default=None)


_after_handlers: list[Callable[[], None]] = []


def after_handlers(function: Callable[[], None]) -> None:
    """Call a function at the end of each handler from now on."""
    _after_handlers.append(function)


def current_host() -> Host | None:
    """Return the host of the handler that is running; None outside of handlers."""
    return _current.get()


@contextmanager
def left() -> Generator[None]:
    """Run code of the test: inside, no host is running."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def adopt(fake: T, host: Host) -> T:
    """Set the clock and the host of a fake that was made without them, and return the fake."""
    for name, value in (("clock", host.clock), ("host", host)):
        if fake is not None and getattr(fake, name, fake) is None:
            setattr(fake, name, value)
    return fake


class Bindings(SimpleNamespace):
    """The JavaScript ``env`` of a Worker: an object whose only attributes are raw bindings."""

    # A slot, so that vars(env) has the bindings only. No binding can have this name.
    __slots__ = ("__script__",)

    def __init__(self, script: Script) -> None:
        self.__script__: Script = script

    def __repr__(self) -> str:
        """Return the names: a value may be a secret."""
        return f"<Bindings: {', '.join(vars(self))}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from ..._spelling import in_env_class  # only errors need it

            known = ", ".join(vars(self)) or "nothing"
            hint = "" if name.startswith("_") else f"; {in_env_class(name)}"
            raise AttributeError(f"the Worker's env has no {name}; it has {known}{hint}")


def _no_exports(script: Script) -> Any:
    raise RuntimeError("ctx.exports: pyworkers_sdk.testing is not installed; import a name from it")


_make_exports: Callable[[Script], Any] = _no_exports


def install_exports(make: Callable[[Script], Any]) -> None:
    """Set the function that makes ``ctx.exports``: it needs modules that import this one."""
    global _make_exports
    _make_exports = make


class Front(Protocol):
    """Static assets in front of a Worker: they may answer a request before the Worker does."""

    @property
    def assets(self) -> Any: ...
    def takes(self, request: Any) -> bool:
        """Return True if the assets answer this request."""
        ...


class Script:
    """A Worker: its ``env``, and the classes that it exports by name."""

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
        """Make an entrypoint, as the runtime does for each event; return its ``ExportProxy``."""
        return kind(FakeExecutionContext(self, props), self.env)


class FakeExecutionContext:
    """The ``ctx`` of one event. ``Host.drain`` awaits its ``waitUntil`` work.

    JS: ExecutionContext.
    """

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
        self.script.host.pending_work.append(promise)

    def passThroughOnException(self) -> None:
        self.passes_through = True
