"""What a contract check may import, and the arguments that it gets by name.

This file also runs inside Pyodide, where pytest is not: the standard library and the package only.
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
# And what of their vectors' metadata is indexed.
METADATA = {"genre": "string", "year": "number", "seen": "boolean", "place.city": "string"}

Check = Callable[..., Coroutine[Any, Any, None]]
C = TypeVar("C", bound=Check)
E = TypeVar("E", bound=BaseException)


class World(NamedTuple):
    """Where a check runs: `node-314` is the engine `node` with the Pyodide `314`."""

    name: str

    @property
    def engine(self) -> str:
        return self.name.partition("-")[0]

    @property
    def pyodide(self) -> str:
        return self.name.partition("-")[2]


# Marks ------------------------------------------------------------------------------------------


class Marks:
    """What the decorators below say about a check."""

    def __init__(self) -> None:
        self.limits: list[tuple[bool, tuple[str, ...], str]] = []
        self.cases: dict[str, object] | None = None


def marks(check: Check) -> Marks:
    found = check.__dict__.setdefault("contract", Marks())
    assert isinstance(found, Marks)
    return found


def only(*places: str, reason: str) -> Callable[[C], C]:
    """The check runs in these worlds or engines alone."""
    return partial(_limit, True, places, reason)


def not_in(*places: str, reason: str) -> Callable[[C], C]:
    """The check runs everywhere but in these worlds or engines."""
    return partial(_limit, False, places, reason)


def _limit(inside: bool, places: tuple[str, ...], reason: str, check: C) -> C:
    unknown = set(places) - set(WORLDS) - {World(name).engine for name in WORLDS}
    if unknown or not places:
        raise ValueError(f"not a world or an engine: {', '.join(unknown) or 'nothing given'}")
    if not reason.strip():
        raise ValueError("say why")
    marks(check).limits.append((inside, places, reason))
    return check


def why_not(check: Check, world: World) -> str | None:
    """The reason that the check does not run in this world, if it does not."""
    for inside, places, reason in marks(check).limits:
        if (world.name in places or world.engine in places) is not inside:
            return reason
    return None


def cases(table: Mapping[str, object] | Iterable[object]) -> Callable[[C], C]:
    """Runs the check once for each value, as its argument `case`; a list's cases are numbered."""
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
    """Ends a check as skipped; its message is the reason."""


def raises(expected: type[E] | tuple[type[E], ...], match: str | None = None) -> Raises[E]:
    """`with raises(KVError, match="…") as caught:`, then `caught.value`."""
    return Raises(expected, match)


async def soonest(
    measure: Callable[[], Awaitable[list[float]]], limits: Iterable[float]
) -> list[float]:
    """The shortest of each of these times in several runs, until all are below their limits.

    A busy machine makes a time longer, and never shorter.
    """
    found = await measure()
    for _ in range(6):
        if all(time < limit for time, limit in zip(found, limits, strict=True)):
            break
        found = [*map(min, found, await measure())]
    return found


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
            kinds = self._expected if isinstance(self._expected, tuple) else (self._expected,)
            raise AssertionError(f"nothing raised {' or '.join(kind.__name__ for kind in kinds)}")
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
    """The `env` of the world `fake`: what JavaScript would see of a fake, made when asked for."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self._runtime: Any = None
        self.entered = ExitStack()

    @property
    def runtime(self) -> Any:
        """The Worker of the real worlds, on fakes."""
        if self._runtime is None:
            kind = _sdk("FakeRuntime", "pyworkers_sdk.testing")
            default = _sdk("Default", "tests.real.worker")
            self._runtime = kind(
                default,
                env=_sdk("AppEnv", "tests.contract.workers"),
                workflows=_sdk("CLASSES", "tests.contract.workers.workflows"),
                new_classes=["Kept"],
                **_sdk("fakes", "tests.contract.workers.assets")(),
                **_sdk("fakes", "tests.contract.workers.configured")(),
            )
        return self._runtime

    def network(self) -> Any:
        """A runtime whose ``fetch`` and ``caches`` the check has, till its end."""
        runtime = _sdk("FakeRuntime", "pyworkers_sdk.testing")(object)
        return self.entered.enter_context(runtime)

    def binding(self, name: str, kind: str) -> Any:
        if name not in self.made:
            self.made[name] = _sdk("fake", "pyworkers_sdk.testing")(_sdk(kind))
        return self.made[name]

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
    found = await js.prepare(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE '~_cf~_%' ESCAPE '~'"
        # a virtual table takes its shadow tables with it, and they cannot be dropped themselves
        " ORDER BY type DESC, sql NOT LIKE 'CREATE VIRTUAL%'"
    ).all()
    drops = [f'DROP {row.type} IF EXISTS "{_quoted(row.name)}"' for row in found.results]
    if drops:
        await js.exec("; ".join(["PRAGMA defer_foreign_keys = on", *drops]))


async def _nothing(queue: Any) -> None:
    """A queue has no means to empty it; its consumer does, and checks mark their messages."""


def _quoted(name: str) -> str:
    return name.replace('"', '""')


async def _empty_r2(r2: Any) -> None:
    truncated = True
    while truncated:
        page = await r2.list()
        if page.objects:
            await r2.delete([found.key for found in page.objects])
        truncated = page.truncated


async def _empty_index(index: Any) -> None:
    while found := [one.id for one in await index.query([0, 0, 0], top_k=20)]:
        await index.delete_by_ids(found)


# argument of a check -> its name in env, its class, and what empties the real one beforehand
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
    while found := [one.id for one in await index.query([0, 0, 0], top_k=100)]:
        await index.delete_by_ids(found)
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
        raise TypeError("only the fake world has a runtime to command")
    return env.runtime


async def _outside(world: World, env: Any) -> object:
    """The URL, without a path, of a server that a global ``fetch`` reaches."""
    if isinstance(env, FakeEnv):
        answer = _sdk("answer", "tests.contract.outside")
        env.network().outbound("https://outside.example*", answer)
    return getattr(env, "OUTSIDE", "https://outside.example")


async def _ai(world: World, env: Any) -> object:
    """Workers AI, in front of models that the contract's own service has."""
    if not isinstance(env, FakeEnv):
        return _sdk("AI")(env.AI)
    return _sdk("scripted", "tests.contract.ai_service")(env.binding("AI", "AI"))


async def _tcp(world: World, env: Any) -> object:
    """The address of a server that sends back what it gets."""
    if isinstance(env, FakeEnv):
        echo = _sdk("echo", "tests.contract.outside")
        env.network().outbound_tcp("tcp.example:7", echo)
    return getattr(env, "TCP", "tcp.example:7")


async def _container(world: World, env: Any) -> object:
    """A container, in which the contract's own service runs."""
    if isinstance(env, FakeEnv):
        return _sdk("scripted", "tests.contract.container_service")()
    found = _sdk("Container")(env.CONTAINER)
    await found.destroy()
    return found


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
    raise TypeError("only within an object is there a state")


async def _wait(world: World, env: Any) -> object:
    """`await wait(seconds)`: real time, or the fake clock's and all that is due then."""
    if not isinstance(env, FakeEnv):
        return asyncio.sleep
    runtime = env.runtime

    async def wait(seconds: float) -> None:
        runtime.clock.advance(seconds)
        await runtime.drain()

    return wait


async def _idle(world: World, env: Any) -> object:
    """`await idle(stub)`: until the object behind it has been taken out of memory."""
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
    # not inspect.signature: from 3.14 on that evaluates annotations, which may be for typing only
    names = check.__code__.co_varnames[: check.__code__.co_argcount]
    known = [*ARGUMENTS, "case"] if marks(check).cases else [*ARGUMENTS]
    for name in names:
        if name not in known:
            raise TypeError(f"{check.__name__}: no argument {name!r}; there are {', '.join(known)}")
    return names


async def call(check: Check, world: World, env: Any, case: str | None = None) -> None:
    """Runs one check, or one case of it, with its arguments."""
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
