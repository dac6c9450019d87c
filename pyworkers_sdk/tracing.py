"""``Tracing``: spans of one's own among those that the runtime makes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Literal,
    NamedTuple,
    ParamSpec,
    Self,
    TypeVar,
    overload,
)

from ._border import JsWrapper, answer, from_js, prop, raising, raw, text, to_js, unsupported
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["Span", "Tracing", "TracingSpanContext"]

P = ParamSpec("P")
T = TypeVar("T")

_raising = raising(WorkersError)


class TracingSpanContext(NamedTuple):
    """A span's place in its trace, as W3C Trace Context has it. JS: TracingSpanContext."""

    trace_id: str
    span_id: str
    trace_flags: int


class Span(JsWrapper["_js.Span"]):
    """Some work, and how long it takes: ``with ctx.tracing.start_span("resize") as span:``.

    JS: Span.
    """

    __slots__ = ()

    def __init__(self, span: _js.Span) -> None:
        self._js = raw(span)

    @property
    def is_traced(self) -> bool:
        """Whether anybody will see it: False where nothing is traced, and once it has ended.

        JS: Span.isTraced.
        """
        return self._js.isTraced

    def set_attribute(self, key: str, value: bool | int | float | str) -> Self:
        """Say more about it. JS: Span.setAttribute."""
        self._js.setAttribute(text(key, "key"), value)
        return self

    def set_attributes(self, attributes: Mapping[str, bool | int | float | str | None]) -> Self:
        """Several of them; those that are None are left out. JS: Span.setAttributes."""
        for key, value in attributes.items():
            if value is not None:
                self.set_attribute(key, value)
        return self

    def span_context(self) -> TracingSpanContext:
        """Its ids, to be sent on in a ``traceparent``. JS: Span.spanContext."""
        with _raising:
            found = from_js(_member(self._js, "spanContext")())
        return TracingSpanContext(found["traceId"], found["spanId"], found["traceFlags"])

    def record_exception(self, exception: str | BaseException) -> None:
        """Say what went wrong; that alone makes it no error, see ``set_status``.

        JS: Span.recordException.
        """
        said: Any = exception
        if isinstance(exception, BaseException):
            said = to_js({"name": type(exception).__name__, "message": str(exception)}, "exception")
        else:
            said = text(exception, "exception")
        with _raising:
            _member(self._js, "recordException")(said)

    def update_name(self, name: str) -> Self:
        """Call it something else. JS: Span.updateName."""
        with _raising:
            _member(self._js, "updateName")(text(name, "name"))
        return self

    def set_status(self, code: Literal["unset", "ok", "error"], message: str | None = None) -> Self:
        """How it went. JS: Span.setStatus, which takes a TracingSpanStatus."""
        status = {"code": text(code, "code")}
        if message is not None:
            status["message"] = text(message, "message")
        with _raising:
            _member(self._js, "setStatus")(to_js(status, "status"))
        return self

    def end(self) -> None:
        """It is over; ``with`` does this by itself. JS: Span.end."""
        self._js.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class Tracing(JsWrapper["_js.Tracing"]):
    """JS: Tracing."""

    __slots__ = ()

    def __init__(self, tracing: _js.Tracing) -> None:
        self._js = raw(tracing)

    def start_span(self, name: str) -> Span:
        """A span from now until its ``end``, of at most 64 bytes of name. What the runtime traces
        meanwhile is beside it, not below it.

        JS: Tracing.startSpan.
        """
        made: list[Any] = []
        # older runtimes have no startSpan
        self._js.startActiveSpan(text(name, "name"), made.append)
        return Span(made[0])

    @overload
    def enter_span(
        self,
        name: str,
        callback: Callable[Concatenate[Span, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Awaitable[T]: ...
    @overload
    def enter_span(
        self,
        name: str,
        callback: Callable[Concatenate[Span, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T: ...
    def enter_span(self, name: str, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call ``callback(span, …)`` in a span, which ends with it; what it gives. What the runtime
        traces meanwhile is below that span. An ``async`` callback's result is to be awaited.

        JS: Tracing.enterSpan.
        """
        return _within(
            lambda run: self._js.enterSpan(text(name, "name"), run),
            lambda *js: callback(Span(*js), *args, **kwargs),
        )

    @overload
    def start_active_span(
        self,
        name: str,
        callback: Callable[Concatenate[Span, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Awaitable[T]: ...
    @overload
    def start_active_span(
        self,
        name: str,
        callback: Callable[Concatenate[Span, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T: ...
    def start_active_span(
        self, name: str, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """The same with a span that lasts until its ``end``. JS: Tracing.startActiveSpan."""
        return _within(
            lambda run: self._js.startActiveSpan(text(name, "name"), run),
            lambda *js: callback(Span(*js), *args, **kwargs),
        )

    def get_active_span(self) -> Span | None:
        """The span that this is running in, if it is one's own. JS: Tracing.getActiveSpan."""
        with _raising:
            found = _member(self._js, "getActiveSpan")()
        return None if raw(found) is None else Span(found)

    @overload
    def with_active_span(
        self,
        span: Span,
        callback: Callable[P, Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Awaitable[T]: ...
    @overload
    def with_active_span(
        self, span: Span, callback: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    def with_active_span(
        self, span: Span, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Call ``callback(…)`` in a span that was started before. JS: Tracing.withActiveSpan."""
        return _within(
            lambda run: _member(self._js, "withActiveSpan")(span.js_object, run),
            lambda *_: callback(*args, **kwargs),
        )


def _member(js: Any, name: str) -> Any:
    found = prop(js, name)
    if found is None:
        raise unsupported(WorkersError, f"{name}()")
    return found


def _within(call: Callable[[Any], Any], function: Callable[..., Any]) -> Any:
    """What ``function`` gives or raises, called by JavaScript: neither crosses."""
    kept: list[Any] = []
    failed: list[BaseException] = []

    def run(*given: Any) -> Any:
        try:
            result = function(*given)
        except BaseException as exc:
            failed.append(exc)
            return None
        if not isawaitable(result):
            kept.append(result)
            return None
        work: asyncio.Future[Any] = asyncio.ensure_future(result)
        kept.append(work)
        return answer(_over(work))

    with _raising:
        call(run)
    if failed:
        raise failed[0]
    return kept[0]


async def _over(work: asyncio.Future[Any]) -> None:
    await asyncio.wait([work])
