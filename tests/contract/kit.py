"""The names that a contract check may import, and the arguments that it receives by name.

This file also runs inside Pyodide, without pytest: it imports only the standard library and the
package.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import ExitStack, nullcontext
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

WORLDS = ("fake", "node-0.26", "node-0.28", "node-314", "workerd-0.28", "workerd-314")

# The variables in every world's env.
VARIABLES: dict[str, Any] = {
    "TEXT": "some text",
    "NUMBER": 3,
    "RATIO": 2.0,
    "FLAG": True,
    "DATA": {"a": [1, None], "constructor": "x"},
    "NAMES": ["a", "b"],
}

# The Vectorize indexes, of three dimensions; a name in lower case is the argument of a check.
METRICS = {"INDEX": "cosine", "FAR": "euclidean", "PRODUCT": "dot-product"}
# The indexed metadata of their vectors.
METADATA = {"genre": "string", "year": "number", "seen": "boolean", "place.city": "string"}

Check = Callable[..., Coroutine[Any, Any, None]]
C = TypeVar("C", bound=Check)
E = TypeVar("E", bound=BaseException)


class World(NamedTuple):
    """A place where a check runs: `node-314` is the engine `node` with the Pyodide `314`."""

    name: str

    @property
    def engine(self) -> str:
        return self.name.partition("-")[0]

    @property
    def pyodide(self) -> str:
        return self.name.partition("-")[2]


# Marks ------------------------------------------------------------------------------------------


class Marks:
    """The marks of the decorators below on a check."""

    def __init__(self) -> None:
        self.limits: list[tuple[bool, tuple[str, ...], str]] = []
        self.cases: dict[str, object] | None = None


def marks(check: Check) -> Marks:
    marks = check.__dict__.setdefault("contract", Marks())
    assert isinstance(marks, Marks)
    return marks


def only(*places: str, reason: str) -> Callable[[C], C]:
    """Run the check only in these worlds or engines."""
    return partial(_limit, True, places, reason)


def not_in(*places: str, reason: str) -> Callable[[C], C]:
    """Run the check everywhere except in these worlds or engines."""
    return partial(_limit, False, places, reason)


def _limit(inside: bool, places: tuple[str, ...], reason: str, check: C) -> C:
    unknown = set(places) - set(WORLDS) - {World(name).engine for name in WORLDS}
    if unknown or not places:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"places: expected worlds or engines, got {names or 'nothing'}")
    if not reason.strip():
        raise ValueError("reason: expected text, got an empty str")
    marks(check).limits.append((inside, places, reason))
    return check


def why_not(check: Check, world: World) -> str | None:
    """Return the reason why the check does not run in this world; None if it runs."""
    for inside, places, reason in marks(check).limits:
        if (world.name in places or world.engine in places) is not inside:
            return reason
    return None


def cases(table: Mapping[str, object] | Iterable[object]) -> Callable[[C], C]:
    """Run the check once for each value, as its argument `case`; a list's cases are numbered."""
    named = (
        dict(table)
        if isinstance(table, Mapping)
        else {str(number): value for number, value in enumerate(table)}
    )

    def mark(check: C) -> C:
        marks(check).cases = named
        return check

    return mark


# In the body of a check -------------------------------------------------------------------------


class Skipped(Exception):
    """Raised to end a check as skipped; the message is the reason."""


def raises(expected: type[E] | tuple[type[E], ...], match: str | None = None) -> Raises[E]:
    """`with raises(KVError, match="…") as caught:`, then `caught.value`."""
    return Raises(expected, match)


async def soonest(
    measure: Callable[[], Awaitable[list[float]]], limits: Iterable[float]
) -> list[float]:
    """Measure several times until each time was below its limit once; return the shortest times.

    A busy machine makes a time longer, never shorter.
    """
    bounds = [*limits]
    shortest = await measure()
    for _ in range(6):
        if all(time < limit for time, limit in zip(shortest, bounds, strict=True)):
            break
        shortest = [*map(min, shortest, await measure())]
    return shortest


class Raises(Generic[E]):
    value: E

    def __init__(self, expected: type[E] | tuple[type[E], ...], match: str | None) -> None:
        self._expected = expected
        self._match = match

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        if error is None:
            types = self._expected if isinstance(self._expected, tuple) else (self._expected,)
            raise AssertionError(f"nothing raised {' or '.join(cls.__name__ for cls in types)}")
        if not isinstance(error, self._expected):
            return False
        self.value = error
        if self._match is not None and not re.search(self._match, str(error)):
            raise AssertionError(f"{self._match!r} is not in {str(error)!r}") from error
        return True


# Arguments --------------------------------------------------------------------------------------


def _sdk(name: str, module: str = "pyworkers_sdk") -> Any:
    # Looked up when needed, so that the border's checks run without any binding.
    return getattr(import_module(module), name)


class FakeEnv:
    """The `env` of the world `fake`: raw fakes, made at the first use."""

    def __init__(self) -> None:
        self.bindings: dict[str, Any] = {}
        self._runtime: Any = None
        self.entered = ExitStack()

    @property
    def runtime(self) -> Any:
        """The Worker of the real worlds, on fakes."""
        if self._runtime is None:
            fake_runtime = _sdk("FakeRuntime", "pyworkers_sdk.testing")
            default = _sdk("Default", "tests.real.worker")
            self._runtime = fake_runtime(
                default,
                env=_sdk("AppEnv", "tests.contract.workers"),
                workflows=_sdk("CLASSES", "tests.contract.workers.workflows"),
                new_classes=["Kept"],
                **_sdk("fakes", "tests.contract.workers.assets")(),
                **_sdk("fakes", "tests.contract.workers.configured")(),
            )
        return self._runtime

    def network(self) -> Any:
        """Enter a runtime until the end of the check, for its ``fetch`` and ``caches``."""
        runtime = _sdk("FakeRuntime", "pyworkers_sdk.testing")(object)
        return self.entered.enter_context(runtime)

    def binding(self, name: str, kind: str) -> Any:
        if name not in self.bindings:
            self.bindings[name] = _sdk("fake", "pyworkers_sdk.testing")(_sdk(kind))
        return self.bindings[name]

    def __getattr__(self, name: str) -> Any:
        if name in VARIABLES:
            return VARIABLES[name]
        for binding, kind, _ in BINDINGS.values():
            if binding == name:
                return self.binding(name, kind).js_object
        raise AttributeError(name)


class Here:
    """The `env` of a check that runs inside a Durable Object, and the object's `ctx`."""

    def __init__(self, env: Any, state: Any) -> None:
        self.js_object = getattr(env, "js_object", env)
        self.state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self.js_object, name)


async def _empty_kv(kv: Any) -> None:
    js = kv.js_object
    complete = False
    while not complete:
        page = await js.list()
        await asyncio.gather(*(js.delete(key.name) for key in page.keys))
        complete = page.list_complete


async def _drop_tables(db: Any) -> None:
    js = db.js_object
    tables = await js.prepare(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE '~_cf~_%' ESCAPE '~'"
        # a virtual table takes its shadow tables with it, and they cannot be dropped themselves
        " ORDER BY type DESC, sql NOT LIKE 'CREATE VIRTUAL%'"
    ).all()
    drops = [f'DROP {row.type} IF EXISTS "{_quoted(row.name)}"' for row in tables.results]
    if drops:
        await js.exec("; ".join(["PRAGMA defer_foreign_keys = on", *drops]))


async def _nothing(queue: Any) -> None:
    """Leave the queue as it is: only its consumer empties it, and checks mark their messages."""


def _quoted(name: str) -> str:
    return name.replace('"', '""')


async def _empty_r2(r2: Any) -> None:
    truncated = True
    while truncated:
        page = await r2.list()
        if page.objects:
            await r2.delete([item.key for item in page.objects])
        truncated = page.truncated


async def _empty_index(index: Any) -> None:
    while ids := [match.id for match in await index.query([0, 0, 0], top_k=20)]:
        await index.delete_by_ids(ids)


# argument of a check -> its name in env, its class, and the function that empties the real binding
BINDINGS: dict[str, tuple[str, str, Callable[[Any], Awaitable[None]]]] = {
    "kv": ("KV", "KV", _empty_kv),
    "db": ("DB", "D1", _drop_tables),
    "queue": ("QUEUE", "Queue", _nothing),
    "held": ("HELD", "Queue", _nothing),
    "r2": ("R2", "R2", _empty_r2),
    "browser": ("BROWSER", "Browser", _nothing),
    "media": ("MEDIA", "Media", _nothing),
    "videos": ("VIDEOS", "Stream", _nothing),
    "images": ("IMAGES", "Images", _nothing),
    "old_index": ("OLD_INDEX", "VectorizeIndex", _empty_index),
}


async def _binding(argument: str, world: World, env: Any) -> object:
    name, kind, empty = BINDINGS[argument]
    if isinstance(env, FakeEnv):
        return env.binding(name, kind)
    binding = _sdk(kind)(getattr(env, name))
    await empty(binding)
    return binding


async def _vectors(argument: str, world: World, env: Any) -> object:
    name = argument.upper()
    if isinstance(env, FakeEnv):
        make = _sdk("vectorize", "pyworkers_sdk.testing")
        return make(dimensions=3, metric=METRICS[name], metadata_indexes=METADATA)
    index = _sdk("Vectorize")(getattr(env, name))
    while ids := [match.id for match in await index.query([0, 0, 0], top_k=100)]:
        await index.delete_by_ids(ids)
    return index


async def _env(world: World, env: Any) -> object:
    return env


async def _app(world: World, env: Any) -> object:
    """Every binding of the Workers in ``tests/contract/workers``, typed."""
    env = env.js_object if isinstance(env, Here) else env
    if isinstance(env, FakeEnv):
        return env.runtime.env
    return _sdk("AppEnv", "tests.contract.workers")(env)


async def _runtime(world: World, env: Any) -> object:
    if not isinstance(env, FakeEnv):
        raise TypeError("runtime: expected the fake world, got a real one")
    return env.runtime


async def _outside(world: World, env: Any) -> object:
    """The URL, without a path, of a server that a global ``fetch`` reaches."""
    if isinstance(env, FakeEnv):
        answer = _sdk("answer", "tests.contract.outside")
        env.network().outbound("https://outside.example*", answer)
    return getattr(env, "OUTSIDE", "https://outside.example")


async def _ai(world: World, env: Any) -> object:
    """Workers AI, with the models of the contract's service."""
    if not isinstance(env, FakeEnv):
        return _sdk("AI")(env.AI)
    return _sdk("scripted", "tests.contract.ai_service")(env.binding("AI", "AI"))


async def _tcp(world: World, env: Any) -> object:
    """The address of an echo server."""
    if isinstance(env, FakeEnv):
        echo = _sdk("echo", "tests.contract.outside")
        env.network().outbound_tcp("tcp.example:7", echo)
    return getattr(env, "TCP", "tcp.example:7")


async def _container(world: World, env: Any) -> object:
    """A container that runs the contract's service."""
    if isinstance(env, FakeEnv):
        return _sdk("scripted", "tests.contract.container_service")()
    container = _sdk("Container")(env.CONTAINER)
    await container.destroy()
    return container


async def _caches(world: World, env: Any) -> object:
    if isinstance(env, FakeEnv):
        env.network()
    return _sdk("caches")


async def _consumer(world: World, env: Any) -> object:
    return _sdk("Consumer", "tests.contract.consumer")(env, isinstance(env, FakeEnv))


async def _flows(world: World, env: Any) -> object:
    """Instances of the scripted Workflow."""
    runtime = env.runtime if isinstance(env, FakeEnv) else None
    return _sdk("Flows", "tests.contract.workers.workflows")(await _app(world, env), runtime)


async def _state(world: World, env: Any) -> object:
    """The `ctx` of the Durable Object that the check runs in."""
    if isinstance(env, Here):
        return env.state
    raise TypeError("state: expected a check that runs inside a Durable Object")


async def _wait(world: World, env: Any) -> object:
    """`await wait(seconds)`: wait in real time, or advance the fake clock and do the due work."""
    if not isinstance(env, FakeEnv):
        return asyncio.sleep
    runtime = env.runtime

    async def wait(seconds: float) -> None:
        runtime.clock.advance(seconds)
        await runtime.drain()

    return wait


async def _idle(world: World, env: Any) -> object:
    """`await idle(stub)`: wait until the object behind it is evicted from memory."""
    if isinstance(env, FakeEnv):
        return env.runtime.evict

    async def sleep(stub: Any) -> None:
        await asyncio.sleep(12)

    return sleep


async def _world(world: World, env: Any) -> object:
    return world


ARGUMENTS: dict[str, Callable[[World, Any], Awaitable[object]]] = {
    "ai": _ai,
    "app": _app,
    "caches": _caches,
    "outside": _outside,
    "tcp": _tcp,
    "runtime": _runtime,
    "consumer": _consumer,
    "container": _container,
    "env": _env,
    "flows": _flows,
    "idle": _idle,
    "state": _state,
    "wait": _wait,
    "world": _world,
    **{name.lower(): partial(_vectors, name.lower()) for name in METRICS},
    **{argument: partial(_binding, argument) for argument in BINDINGS},
}


def parameters(check: Check) -> tuple[str, ...]:
    # not inspect.signature: since 3.14 it evaluates annotations, and some exist only for typing
    names = check.__code__.co_varnames[: check.__code__.co_argcount]
    known = [*ARGUMENTS, "case"] if marks(check).cases else [*ARGUMENTS]
    for name in names:
        if name not in known:
            raise TypeError(
                f"{check.__name__}: unknown argument {name!r}; known: {', '.join(known)}"
            )
    return names


async def call(check: Check, world: World, env: Any, case: str | None = None) -> None:
    """Run one check, or one case of it, with its arguments."""
    if isinstance(env, FakeEnv) and "state" in parameters(check):
        objects = env.runtime.env.INSIDE
        stub = objects.get(objects.new_unique_id())

        async def within(instance: Any) -> None:
            await call(check, world, Here(env, instance.ctx), case)

        await env.runtime.run_in_durable_object(stub, within)
        return
    arguments = {
        name: await ARGUMENTS[name](world, env) for name in parameters(check) if name != "case"
    }
    if case is not None:
        arguments["case"] = (marks(check).cases or {})[case]
    with env.entered if isinstance(env, FakeEnv) else nullcontext():
        await check(**arguments)
