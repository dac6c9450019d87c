"""``faults``: have a fake fail, answer slowly, deliver twice, or show late what was written."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from functools import cache, wraps
from inspect import isclass, iscoroutinefunction
from typing import Any, NamedTuple, cast

from .._border import raw
from .._cpython.js_exception import JsException
from .._options import camel
from ._clock import Clock
from .fakes.kv import FakeKVNamespace
from .fakes.queues import FakeQueue
from .fakes.vectorize import FakeVectorize

__all__ = ["Faults", "faults"]


class _Rule(NamedTuple):
    method: str | None
    every: int
    act: Callable[[], None]


class Faults:
    """What is to go wrong with one binding; made by ``faults``.

    ``method`` is a method's name, ours or JavaScript's ("put", "get_with_metadata", a D1
    statement's "all"; of Durable Objects one of theirs); None is any call that the binding answers.
    A fault comes before the call has changed anything.
    """

    def __init__(self, binding: Any, clock: Clock) -> None:
        self._binding = binding
        self._clock = clock
        self._next: list[tuple[str | None, Callable[[], None]]] = []
        self._rules: list[_Rule] = []
        self._calls: dict[_Rule, int] = {}
        if hasattr(binding, "watched_by"):
            binding.watched_by(self._called)  # a namespace of Durable Objects
        else:
            self._watch(binding)

    def fail(
        self,
        message: str,
        *,
        name: str = "Error",
        method: str | None = None,
        times: int = 1,
        every: int | None = None,
        retryable: bool = False,
        overloaded: bool = False,
    ) -> None:
        """Fail the next ``times`` calls, or every n-th from now on, with a JavaScript error.

        The user of the binding sees it as the runtime's: ``KVError(message)`` with ``js_name``.
        ``retryable`` and ``overloaded`` are what a DurableObjectError says.
        """

        def act() -> None:
            error = JsException(name, message)
            vars(error).update(remote=False, retryable=retryable, overloaded=overloaded)
            raise error

        self._add(method, times, every, act)

    def slow(
        self,
        seconds: float | dt.timedelta,
        *,
        method: str | None = None,
        times: int = 1,
        every: int | None = None,
    ) -> None:
        """Have the next ``times`` calls, or every n-th, take so long: the fake clock moves on."""

        def act() -> None:
            self._clock.advance(seconds)

        self._add(method, times, every, act)

    def deliver_twice(self, *, times: int = 1) -> None:
        """Deliver the next ``times`` messages of a queue once more after they were acked."""
        if not isinstance(self._binding, FakeQueue):
            raise TypeError(f"{type(self._binding).__name__} delivers no messages")
        self._binding.twice += times

    def late(self, seconds: float | dt.timedelta) -> None:
        """Have what is written from now on show so many seconds later.

        A KV namespace may take 60 s to show everywhere what was written in one place; a Vectorize
        index takes some seconds.
        """
        if not isinstance(self._binding, (FakeKVNamespace, FakeVectorize)):
            raise TypeError(f"{type(self._binding).__name__} shows at once what is written to it")
        self._binding.late = seconds

    def clear(self) -> None:
        """All is well again."""
        self._next.clear()
        self._rules.clear()
        self._calls.clear()
        if isinstance(self._binding, FakeQueue):
            self._binding.twice = 0
        if isinstance(self._binding, (FakeKVNamespace, FakeVectorize)):
            self._binding.late = None

    def _add(
        self, method: str | None, times: int, every: int | None, act: Callable[[], None]
    ) -> None:
        method = method and self._known(method)
        if every is None:
            self._next += [(method, act)] * times
        elif every < 1:
            raise ValueError(f"every: expected 1 or more, got {every}")
        else:
            self._rules.append(_Rule(method, every, act))

    def _known(self, method: str) -> str:
        """JavaScript's name of a method; TypeError for one that is never called."""
        if hasattr(self._binding, "watched_by"):  # what its objects have, nobody knows here
            return method
        known = _answering(cast(Any, type(self._binding)))
        if camel(method) in known:
            return camel(method)
        raise TypeError(f"no call is named {method!r}; there are {', '.join(sorted(known))}")

    def _called(self, method: str) -> None:
        for rule in [*self._rules]:
            if rule.method in (None, method):
                self._calls[rule] = self._calls.get(rule, 0) + 1
                if self._calls[rule] % rule.every == 0:
                    rule.act()
        for at, (wanted, act) in enumerate(self._next):
            if wanted in (None, method):
                del self._next[at]
                act()
                return

    def _watch(self, target: Any) -> Any:
        """Come between an object of the fake's and whoever calls it; and what it gives, in turn:
        a D1 database answers through its statements."""
        if not _is_fake(target) or "_watched" in target.__dict__:
            return target
        target._watched = True
        for name in dir(target):
            method = getattr(target, name)
            if not name.startswith("_") and callable(method) and hasattr(method, "__func__"):
                setattr(target, name, self._between(name, method))
        return target

    def _between(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        if not iscoroutinefunction(method):
            return wraps(method)(lambda *args, **options: self._watch(method(*args, **options)))

        @wraps(method)
        async def answer(*args: Any, **options: Any) -> Any:
            self._called(name)
            return self._watch(await method(*args, **options))

        return answer


def faults(binding: Any) -> Faults:
    """What shall go wrong with a binding that ``fake`` made, alone or in an Env.

    ::

        faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests", method="put")
        faults(runtime.env.DB).fail("D1_ERROR: Network connection lost.", every=3)
        faults(runtime.env.CACHE).slow(2.5)
        faults(runtime.env.JOBS).deliver_twice()
        faults(runtime.env.CACHE).late(60)
        faults(runtime.env.ROOMS).fail("Durable Object is overloaded.", overloaded=True)
    """
    inside = raw(binding)
    clock = getattr(inside, "clock", None)
    if not _is_fake(inside) or not isinstance(clock, Clock):
        raise TypeError(f"faults() takes a binding that fake() made, not {type(binding).__name__}")
    if "_faults" not in inside.__dict__:
        inside._faults = Faults(inside, clock)
    made: Faults = inside._faults
    return made


@cache
def _answering(kind: Any) -> set[str]:
    """The methods that answer a call: those of a fake, and of what it gives in turn."""
    classes = [each for each in vars(sys.modules[kind.__module__]).values() if isclass(each)]
    return {
        name
        for each in (kind, *(each for each in classes if each.__name__.startswith("Fake")))
        for name in dir(each)
        if not name.startswith("_") and iscoroutinefunction(getattr(each, name))
    }


def _is_fake(value: Any) -> bool:
    return type(value).__module__.startswith(f"{__package__}.fakes.") and hasattr(value, "__dict__")
