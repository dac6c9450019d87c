"""``faults``: make a fake fail, answer slowly, deliver twice, or show writes late."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from functools import cache, wraps
from inspect import getmembers, iscoroutinefunction, ismethod
from typing import Any, NamedTuple, cast

from .._border import raw
from .._cpython.js_exception import JsException
from .._options import camel
from .._spelling import similar
from ._clock import Clock
from .fakes.kv import FakeKVNamespace
from .fakes.queues import FakeQueue
from .fakes.vectorize import FakeVectorize

__all__ = ["Faults", "faults"]

Act = Callable[[], None]


class _Rule(NamedTuple):
    method: str | None
    every: int
    act: Act


class Faults:
    """The faults of one binding. ``faults`` returns it.

    ``method`` is the name of a method, in our spelling or JavaScript's: "put",
    "get_with_metadata", "all" of a D1 statement. For a namespace of Durable Objects it is a method
    of the objects. None means any call that the binding answers. A fault occurs before the call
    changes anything.
    """

    def __init__(self, binding: Any, clock: Clock) -> None:
        self._binding = binding
        self._clock = clock
        self._next: list[tuple[str | None, Act]] = []
        self._rules: list[_Rule] = []
        self._calls: dict[_Rule, int] = {}
        if hasattr(binding, "watched_by"):
            # A namespace of Durable Objects has no calls itself: its stubs report theirs.
            binding.watched_by(self._on_call)
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
        """Fail calls with a JavaScript error.

        The caller sees the error as one of the runtime's: ``KVError(message)``.

        Args:
            message: The message of the error.
            name: The name of the JavaScript error, found in ``js_name``.
            method: The method to fail; by default any call.
            times: The number of calls to fail, starting with the next; ignored if ``every`` is set.
            every: Fail every n-th call from now on, instead of the next ``times`` calls.
            retryable: Set the attribute of that name on a DurableObjectError.
            overloaded: Set the attribute of that name on a DurableObjectError.

        Raises:
            TypeError: The binding has no such method.
            ValueError: ``every`` is less than 1.
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
        """Delay calls by a number of seconds: each one advances the fake clock.

        Args:
            seconds: The duration of a call, as a timedelta or in seconds.
            method: The method to delay; by default any call.
            times: The number of calls to delay, starting with the next; ignored if ``every`` is
                set.
            every: Delay every n-th call from now on, instead of the next ``times`` calls.

        Raises:
            TypeError: The binding has no such method.
            ValueError: ``every`` is less than 1.
        """

        def act() -> None:
            self._clock.advance(seconds)

        self._add(method, times, every, act)

    def deliver_twice(self, *, times: int = 1) -> None:
        """Deliver the next ``times`` messages of a queue once more after their acknowledgement.

        Raises:
            TypeError: The binding is not a queue.
        """
        if not isinstance(self._binding, FakeQueue):
            type_name = type(self._binding).__name__
            raise TypeError(f"deliver_twice(): expected a queue, got {type_name}")
        self._binding.twice += times

    def late(self, seconds: float | dt.timedelta) -> None:
        """Show everything written from now on only after a number of seconds.

        A KV namespace may take 60 s until a write is visible everywhere. A Vectorize index takes
        some seconds.

        Args:
            seconds: The delay, as a timedelta or in seconds of the fake clock.

        Raises:
            TypeError: The binding is neither a KV namespace nor a Vectorize index.
        """
        if not isinstance(self._binding, (FakeKVNamespace, FakeVectorize)):
            type_name = type(self._binding).__name__
            raise TypeError(
                f"late(): expected a KV namespace or a Vectorize index, got {type_name}; other "
                "bindings show a write at once"
            )
        self._binding.late = seconds

    def clear(self) -> None:
        """Remove all faults of the binding."""
        self._next.clear()
        self._rules.clear()
        self._calls.clear()
        if isinstance(self._binding, FakeQueue):
            self._binding.twice = 0
        if isinstance(self._binding, (FakeKVNamespace, FakeVectorize)):
            self._binding.late = None

    def _add(self, method: str | None, times: int, every: int | None, act: Act) -> None:
        method = method and self._js_method(method)
        if every is None:
            self._next += [(method, act)] * times
        elif every < 1:
            raise ValueError(f"every: expected 1 or more, got {every}")
        else:
            self._rules.append(_Rule(method, every, act))

    def _js_method(self, method: str) -> str:
        """Return the JavaScript name of a method. TypeError for a name that no call has."""
        if hasattr(self._binding, "watched_by"):
            self._check_method_of_objects(method)
            return method
        known = _calls_of(cast(Any, type(self._binding)))
        if camel(method) in known:
            return camel(method)
        raise _unknown_method(method, sorted(known))

    def _check_method_of_objects(self, method: str) -> None:
        """Raise TypeError if the class of the objects has no such method."""
        cls = self._binding.object_class()
        if cls is not None and not hasattr(cls, method):
            raise _unknown_method(method, [name for name in dir(cls) if not name.startswith("_")])

    def _on_call(self, method: str) -> None:
        """Apply the faults of a call that begins."""
        for rule in [*self._rules]:
            if rule.method in (None, method):
                self._calls[rule] = self._calls.get(rule, 0) + 1
                if self._calls[rule] % rule.every == 0:
                    rule.act()
        for index, (fault_method, act) in enumerate(self._next):
            if fault_method in (None, method):
                del self._next[index]
                act()
                return

    def _watch(self, target: Any) -> Any:
        """Report every call of an object to ``_on_call``, and return the object.

        Fakes that its methods return are watched too: a D1 database answers through statements.
        """
        vars(target)["is_watched"] = True
        for name, method in getmembers(target, ismethod):
            if not name.startswith("_"):
                setattr(target, name, self._watched_method(name, method))
        return target

    def _watch_result(self, result: Any) -> Any:
        is_fake = getattr(cast(Any, type(result)), "is_fake", False)
        return self._watch(result) if is_fake and "is_watched" not in vars(result) else result

    def _watched_method(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        if not iscoroutinefunction(method):  # like prepare(): it sends nothing, so it cannot fail
            return wraps(method)(
                lambda *args, **options: self._watch_result(method(*args, **options))
            )

        @wraps(method)
        async def call(*args: Any, **options: Any) -> Any:
            self._on_call(name)
            return self._watch_result(await method(*args, **options))

        return call


def _unknown_method(method: str, known: list[str]) -> TypeError:
    close = similar(method, known)
    hint = f" (did you mean {close}?)" if close else ""
    return TypeError(f"method: expected one of {', '.join(known)}{hint}, got {method!r}")


def faults(binding: Any) -> Faults:
    """Return the faults of a binding that ``fake`` made, for itself or in an Env.

    ::

        faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests", method="put")
        faults(runtime.env.DB).fail("D1_ERROR: Network connection lost.", every=3)
        faults(runtime.env.CACHE).slow(2.5)
        faults(runtime.env.JOBS).deliver_twice()
        faults(runtime.env.CACHE).late(60)
        faults(runtime.env.ROOMS).fail("Durable Object is overloaded.", overloaded=True)

    Raises:
        TypeError: ``binding`` is not a binding over a fake.
    """
    fake = raw(binding)
    clock = _clock_of(fake)
    if not isinstance(clock, Clock):
        type_name = type(binding).__name__
        raise TypeError(f"faults(): expected a binding that fake() made, got {type_name}")
    if "faults" not in vars(fake):
        fake.faults = Faults(fake, clock)
    binding_faults: Faults = fake.faults
    return binding_faults


def _clock_of(fake: Any) -> Any:
    """Return the clock that a fake was made with; None for any other object."""
    fake_class = cast(Any, type(fake))
    # Namespaces of Durable Objects and Workflows have the clock of their host, as a property.
    if hasattr(fake_class, "watched_by") or getattr(fake_class, "is_fake", False):
        return getattr(fake, "clock", None)
    return getattr(fake, "__dict__", {}).get("clock")


@cache
def _calls_of(fake_class: type[Any]) -> set[str]:
    """Return the names of the calls of a fake, and of the fakes that its methods return.

    The latter are found in its module: every class with the mark that ``yields_to_others`` sets.
    """
    names = vars(sys.modules[fake_class.__module__]).values()
    classes = [fake_class, *(each for each in names if getattr(each, "is_fake", False))]
    return {
        name
        for each in classes
        for name, _ in getmembers(each, iscoroutinefunction)
        if not name.startswith("_")
    }
