"""Base of differential runs: a fake and the real binding get the same calls, and answer alike."""

from __future__ import annotations

import ast
import asyncio
import time
import warnings
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar
from unittest.mock import patch

import hypothesis
from hypothesis import HealthCheck, Phase, strategies as st
from hypothesis.errors import Flaky, HypothesisWarning
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from pyworkers_sdk.d1 import D1DatabaseSession, D1ExecResult, D1Meta, D1Result
from pyworkers_sdk.errors import WorkersError
from pyworkers_sdk.queues import QueueSendResponse
from pyworkers_sdk.r2 import R2MultipartUpload
from pyworkers_sdk.r2.objects import R2Checksums, R2Object, R2ObjectBody, R2UploadedPart
from pyworkers_sdk.streams import ReadableStream
from pyworkers_sdk.testing import Clock
from tests.differential.known_divergences import IgnoredDifference, Known
from tests.real.remote import Remote

# Calls are Python source ------------------------------------------------------------------------


class Name(str):
    """Source that stands for itself: a variable, an expression."""

    __repr__ = str.__str__


def call(function: str, *args: Any, **options: Any) -> str:
    """Return the source ``await function(…)``; options that are None are omitted."""
    arguments = [shown(arg) for arg in args]
    arguments += [f"{name}={shown(value)}" for name, value in options.items() if value is not None]
    return f"await {function}({', '.join(arguments)})"


def shown(value: Any) -> str:
    """Return the source of a value; long repetitions are abbreviated as ``'x' * 100``."""
    if isinstance(value, Name):
        return value
    if isinstance(value, (str, bytes)) and len(value) > 40:
        for size in 1, 2:
            unit = value[:size]
            if value == unit * (len(value) // size):
                return f"{unit!r} * {len(value) // size}"
    if isinstance(value, float) and repr(value) in ("nan", "inf", "-inf"):
        return f"float('{value}')"
    if isinstance(value, (list, tuple)):
        ends = "[]" if isinstance(value, list) else "()"
        comma = "," if len(value) == 1 and ends == "()" else ""
        return f"{ends[0]}{', '.join(map(shown, value))}{comma}{ends[1]}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{shown(key)}: {shown(item)}' for key, item in value.items())}}}"
    return repr(value)


async def chunks(*pieces: bytes) -> Any:
    """Yield pieces, as the value of a put."""
    for piece in pieces:
        yield piece


# Answers are text -------------------------------------------------------------------------------


_META = ("changes", "last_row_id", "changed_db", "size_after")
# Without the version (it is random) and without the time of the upload.
_R2_OBJECT = ["key", "size", "etag", "http_etag", "http_metadata", "custom_metadata", "range"]
_R2_OBJECT += ["checksums", "storage_class", "ssec_key_md5"]
# The classes that are not data themselves, and the data by which they are compared.
DATA_OF: dict[type[Any], Callable[[Any], Any]] = {
    D1Result: lambda found: (found.results, found.meta),
    D1Meta: lambda meta: {name: getattr(meta, name) for name in _META},
    D1ExecResult: lambda done: done.count,
    D1DatabaseSession: lambda session: "a session",
    R2Object: lambda found: {name: getattr(found, name) for name in _R2_OBJECT},
    R2ObjectBody: lambda found: {name: getattr(found, name) for name in _R2_OBJECT},
    R2Checksums: lambda checksums: (checksums.to_json(), checksums.md5, checksums.sha256),
    R2MultipartUpload: lambda upload: upload.key,
    QueueSendResponse: lambda answer: answer.metadata,
    R2UploadedPart: lambda part: part.part_number,
}


async def text_of(value: Any) -> str:
    """Return a whole answer as text, with the types of its numbers and the order of its keys."""
    if type(value) in DATA_OF:
        value = DATA_OF[type(value)](value)
    if isinstance(value, ReadableStream):
        return f"<stream of {await value.bytes()!r}>"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = zip(value._fields, value, strict=True)
        fields = [f"{name}={await text_of(item)}" for name, item in pairs]
        return f"{type(value).__name__}({', '.join(fields)})"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join([await text_of(item) for item in value])}]"
    if isinstance(value, dict):
        items = [f"{key!r}: {await text_of(item)}" for key, item in value.items()]
        return f"{{{', '.join(items)}}}"
    return repr(value)


def error_for_history(error: BaseException | None) -> str:
    if not isinstance(error, WorkersError):
        return repr(error)
    attributes = f"{str(error)!r}, js_name={error.js_name!r}, code={error.code!r}"
    cause = f", cause={error_for_history(error.cause)}" if error.cause else ""
    return f"{type(error).__name__}({attributes}{cause})"


# The machine ------------------------------------------------------------------------------------


class RemoteClock:
    """Miniflare's clock in several of its simulators."""

    def __init__(self, remote: Remote, *simulators: tuple[str, str]) -> None:
        self.remote = remote
        self._simulators = simulators
        self._now = 0.0
        self.reset()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self.step(timedelta(seconds=seconds) / timedelta(milliseconds=1))

    def step(self, *milliseconds: float) -> None:
        """Advance by these steps, one after the other, and wait for the effects of each."""
        self._now += sum(milliseconds)
        waits: list[tuple[str, str, str, list[Any]]]
        waits = [(*each, "waitForFakeTasks", []) for each in self._simulators]
        operations = [*waits]  # An earlier call may have begun work at the earlier time.
        for step in milliseconds:
            moves = [(*each, "advanceFakeTime", [step]) for each in self._simulators]
            operations += [move for pair in zip(moves, waits, strict=True) for move in pair]
            # Once more, since one simulator may have sent something to another.
            operations += waits if len(waits) > 1 else ()
        self.remote.control(*operations)

    def reset(self) -> None:
        start = START.timestamp() * 1000
        if self._now != start:
            self._now = start
            self.remote.control(
                *((*each, "enableFakeTimers", [start]) for each in self._simulators)
            )


START = datetime(2030, 1, 1, microsecond=1000, tzinfo=timezone.utc)


class Difference(AssertionError):
    """The fake and the real binding differ after these lines."""

    def __init__(self, machine: Machine, fake: str, real: str) -> None:
        self.lines = [*machine.lines]
        body = "\n".join(f"    {line}" for line in self.lines)
        first = next((at for at, pair in enumerate(zip(fake, real)) if pair[0] != pair[1]), 0)
        start = max(0, first - 300)
        super().__init__(
            f"\nasync def test_found_by_a_differential_run({machine.signature}) -> None:\n{body}\n"
            f"    # the fake: {'…' * bool(start)}{fake[start : start + 900]}\n"
            f"    # the real: {'…' * bool(start)}{real[start : start + 900]}\n"
        )


@dataclass
class Tally:
    """The progress of a run: operations, and known divergences by their reasons."""

    operations: int = 0
    known: dict[str, int] = field(default_factory=lambda: dict[str, int]())

    def count(self, reason: str) -> None:
        self.known[reason] = self.known.get(reason, 0) + 1


class Machine(RuleBasedStateMachine):
    """The state machine of a binding. Each rule makes one call with ``do``."""

    binding: ClassVar[str]
    signature: ClassVar[str]
    known: ClassVar[list[Known | IgnoredDifference]]
    remote: ClassVar[Remote]
    tally: ClassVar[Tally]
    run: ClassVar[Any]
    last: ClassVar[Difference]
    patched: ClassVar[list[tuple[Any, str, Any]]] = []
    """Values to patch in the fake during the run: module, name, value."""
    quick: ClassVar[int] = 2000
    """The number of operations in scripts/test; they take some seconds."""
    phases: ClassVar[list[Phase]] = [Phase.generate, Phase.shrink]
    names: ClassVar[dict[str, Any]] = {"chunks": chunks}

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.made = 0
        self.over = False
        fake, real = self.sides()
        self.fake: dict[str, Any] = {**self.names, **fake}
        self.real: dict[str, Any] = {**self.names, **real}

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Empty both bindings, and return the variables of the fake and of the real side."""
        raise NotImplementedError

    def new(self, stem: str) -> str:
        """Return a new variable name for an answer."""
        self.made += 1
        return f"{stem}{self.made}"

    def answered(self, fake: str) -> None:
        """Receive an answer of the fake. A machine that cannot continue sets ``over``."""

    def do(self, code: str, into: str | None = None) -> bool:
        """Make a call on both sides, compare, and store the answers in the variable ``into``.

        Return True if both sides answered without an error.
        """
        if self.over:
            return False
        self.tally.operations += 1
        compiled = compile(code, "<differential>", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        fake, real = (self.run(_outcome(compiled, side, into)) for side in (self.fake, self.real))
        self.lines.append(code if into is None else f"{into} = {code}")
        self.answered(fake)
        if fake == real:
            return not fake.startswith("raises ")
        for known in self.known:
            if isinstance(known, IgnoredDifference):
                fake, real = known.without(code, fake), known.without(code, real)
            if fake == real or (
                isinstance(known, Known) and known.explains(code, fake, real, self.lines)
            ):
                self.tally.count(known.reason)
                self.over = self.over or (isinstance(known, Known) and known.ends_example)
                return False
        self.over = True  # Differences in teardown would follow from this one.
        type(self).last = Difference(self, fake, real)
        raise self.last


async def _outcome(compiled: Any, names: dict[str, Any], into: str | None) -> str:
    try:
        value = eval(compiled, names)
        if isinstance(value, Awaitable):
            value = await value
        if into is not None:
            names[into] = value
        return await text_of(value)
    except Exception as error:
        return f"raises {error_for_history(error)}"


# A run for a time, or for a number of operations ------------------------------------------------


@dataclass
class Report:
    binding: str
    seed: int
    tally: Tally
    seconds: float
    difference: str | None

    def __str__(self) -> str:
        result = "a difference" if self.difference else "no difference"
        lines = [
            f"{self.binding}: seed {self.seed}, {self.tally.operations:,} operations,"
            f" {result}, {self.seconds:.0f} s"
        ]
        lines += [f"  known, {times} times: {why}" for why, times in self.tally.known.items()]
        return "\n".join([*lines, *([self.difference] if self.difference else [])])


def explore(
    machine: type[Machine],
    remote: Remote,
    seed: int,
    *,
    operations: int | None = None,
    seconds: float | None = None,
) -> Report:
    """Run examples until the operations or the seconds are used up, or a difference is found."""
    started = time.monotonic()
    difference = None
    with asyncio.Runner() as runner, warnings.catch_warnings(), ExitStack() as patches:
        warnings.simplefilter("ignore", HypothesisWarning)  # of the length of a strategy's repr
        for module, name, value in machine.patched:
            patches.enter_context(patch.object(module, name, value))
        machine.run = staticmethod(runner.run)
        machine.remote = remote
        machine.tally = tally = Tally()

        def unfinished() -> bool:
            if operations is not None and tally.operations >= operations:
                return False
            return seconds is None or time.monotonic() - started < seconds

        number = 0
        settings = hypothesis.settings(_SETTINGS, phases=machine.phases)
        try:
            while unfinished():
                hypothesis.seed(f"{seed} {number}")(machine)
                run_state_machine_as_test(machine, settings=settings)
                number += 1
        except Difference as error:
            difference = str(shortened(machine, error))
        except Flaky as error:  # Not reproducible: some state outlives a reset.
            difference = f"{machine.last}    # once, and not reproducible: {error}\n"
    return Report(machine.binding, seed, tally, time.monotonic() - started, difference)


def shortened(machine: type[Machine], found: Difference) -> Difference:
    """Remove the lines that are not needed for the difference."""
    setup = len(machine().lines)
    for at in reversed(range(setup, len(found.lines) - 1)):
        fewer = replayed(machine, found.lines[:at] + found.lines[at + 1 :])
        if fewer is not None and len(fewer.lines) == len(found.lines) - 1:
            found = fewer
    return found


def replayed(machine: type[Machine], lines: list[str]) -> Difference | None:
    """Run these lines on emptied bindings, and return the difference, if any."""
    replay = machine()
    try:
        for line in lines[len(replay.lines) :]:
            into, equals, code = line.partition(" = ")
            is_named = equals and into.isidentifier()
            replay.do(code if is_named else line, into if is_named else None)
    except Difference as difference:
        return difference
    return None


_SETTINGS = hypothesis.settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw None twice as often as an option."""
    return st.one_of(st.none(), st.none(), strategy)


def new_clock() -> Clock:
    return Clock(START)
