"""Tracebacks in pytest end in the user's line: the frames of this package are hidden."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

__all__ = ["hide_own_frames"]

_PACKAGE = __name__.partition(".")[0]


def hide_own_frames(error: BaseException) -> None:
    """Mark the frames of this package in the tracebacks of an exception and of its causes.

    pytest prints the arguments and the locals of a visible frame, and secrets may be among these.
    The frames are shown where the fault is this package's own: its code raised an error that is not
    one of its errors.
    """
    for each in _chain(error):
        for trace in _entries(each.__traceback__):
            names = trace.tb_frame.f_globals
            if _is_own(names):
                names["__tracebackhide__"] = _is_hidden


def _is_hidden(excinfo: Any) -> bool:
    error: BaseException = excinfo.value
    if type(error).__module__.partition(".")[0] == _PACKAGE:
        return True
    last = [*_entries(error.__traceback__)][-1:]
    # A ValueError for a wrong argument is raised here on purpose.
    raises = isinstance(error, (ValueError, TypeError)) and error.__cause__ is None
    return raises or not any(_is_own(trace.tb_frame.f_globals) for trace in last)


def _is_own(names: dict[str, Any]) -> bool:
    name = str(names.get("__name__", ""))
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending = [error]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        pending += [other for other in (each.__cause__, each.__context__) if other is not None]
        pending += getattr(each, "exceptions", ())
