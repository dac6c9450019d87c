"""``Tracing``: custom spans in the traces that the runtime records."""

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
    """The ids of a span, for the ``traceparent`` header of W3C Trace Context.

    JS: TracingSpanContext.
    """

    trace_id: str
    span_id: str
    trace_flags: int


class Span(JsWrapper["_js.Span"]):
    """A named piece of work with its duration: ``with ctx.tracing.start_span("resize") as span:``.

    JS: Span.
    """

    __slots__ = ()

    def __init__(self, span: _js.Span) -> None:
        self._js = raw(span)

    @property
    def is_traced(self) -> bool:
        """True if the span is recorded: False without tracing, and after the span has ended.

        JS: Span.isTraced.
        """
        return self._js.isTraced

    def set_attribute(self, key: str, value: bool | int | float | str) -> Self:
        """Set one attribute, and return the span.

        JS: Span.setAttribute.
        """
        self._js.setAttribute(text(key, "key"), value)
        return self

    def set_attributes(self, attributes: Mapping[str, bool | int | float | str | None]) -> Self:
        """Set several attributes, and return the span. An attribute of None is left out.

        JS: Span.setAttributes.
        """
        for key, value in attributes.items():
            if value is not None:
                self.set_attribute(key, value)
        return self

    def span_context(self) -> TracingSpanContext:
        """Return the ids of the span, to send them on in a ``traceparent`` header.

        JS: Span.spanContext.
        """
        with _raising:
            context = from_js(_member(self._js, "spanContext")())
        return TracingSpanContext(context["traceId"], context["spanId"], context["traceFlags"])

    def record_exception(self, exception: str | BaseException) -> None:
        """Record an exception. It does not change the status: see ``set_status``.

        JS: Span.recordException.
        """
        js_exception: Any
        if isinstance(exception, BaseException):
            fields = {"name": type(exception).__name__, "message": str(exception)}
            js_exception = to_js(fields, "exception")
        else:
            js_exception = text(exception, "exception")
        with _raising:
            _member(self._js, "recordException")(js_exception)

    def update_name(self, name: str) -> Self:
        """Rename the span, and return it.

        JS: Span.updateName.
        """
        with _raising:
            _member(self._js, "updateName")(text(name, "name"))
        return self

    def set_status(self, code: Literal["unset", "ok", "error"], message: str | None = None) -> Self:
        """Set the status, and return the span.

        Args:
            code: "unset", "ok" or "error".
            message: A description of the error.

        JS: Span.setStatus, with a TracingSpanStatus.
        """
        status = {"code": text(code, "code")}
        if message is not None:
            status["message"] = text(message, "message")
        with _raising:
            _member(self._js, "setStatus")(to_js(status, "status"))
        return self

    def end(self) -> None:
        """End the span. ``with`` does so by itself.

        JS: Span.end.
        """
        self._js.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class Tracing(JsWrapper["_js.Tracing"]):
    """The factory of custom spans: ``ctx.tracing``.

    JS: Tracing.
    """

    __slots__ = ()

    def __init__(self, tracing: _js.Tracing) -> None:
        self._js = raw(tracing)

    def start_span(self, name: str) -> Span:
        """Start a span that lasts until its ``end``.

        Spans that the runtime records meanwhile are siblings of this span, not its children.

        Args:
            name: At most 64 bytes.

        JS: Tracing.startSpan.
        """
        spans: list[Any] = []
        # Older runtimes lack startSpan.
        self._js.startActiveSpan(text(name, "name"), spans.append)
        return Span(spans[0])

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
        """Call ``callback(span, …)`` in a span that ends with the call, and return its result.

        Spans that the runtime records meanwhile are children of this span. Await the result of an
        ``async`` callback.

        Args:
            name: At most 64 bytes.

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
        """Call ``callback(span, …)`` in a span that lasts until its ``end``, and return its result.

        JS: Tracing.startActiveSpan.
        """
        return _within(
            lambda run: self._js.startActiveSpan(text(name, "name"), run),
            lambda *js: callback(Span(*js), *args, **kwargs),
        )

    def get_active_span(self) -> Span | None:
        """Return the custom span in which the caller runs, or None.

        JS: Tracing.getActiveSpan.
        """
        with _raising:
            span = _member(self._js, "getActiveSpan")()
        return None if raw(span) is None else Span(span)

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
        """Call ``callback(…)`` in a span that was started before, and return its result.

        JS: Tracing.withActiveSpan.
        """
        return _within(
            lambda run: _member(self._js, "withActiveSpan")(span.js_object, run),
            lambda *_: callback(*args, **kwargs),
        )


def _member(js: Any, name: str) -> Any:
    method = prop(js, name)
    if method is None:
        raise unsupported(WorkersError, f"{name}()")
    return method


def _within(call: Callable[[Any], Any], function: Callable[..., Any]) -> Any:
    """Let JavaScript call a function, and return its result or raise its exception.

    Neither crosses the border: JavaScript only learns when the work is done.
    """
    results: list[Any] = []
    errors: list[BaseException] = []

    def run(*args: Any) -> Any:
        try:
            result = function(*args)
        except BaseException as exc:
            errors.append(exc)
            return None
        if not isawaitable(result):
            results.append(result)
            return None
        work: asyncio.Future[Any] = asyncio.ensure_future(result)
        results.append(work)
        return answer(_wait_for(work))

    with _raising:
        call(run)
    if errors:
        raise errors[0]
    return results[0]


async def _wait_for(work: asyncio.Future[Any]) -> None:
    await asyncio.wait([work])
