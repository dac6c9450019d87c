"""``Tracing``: spans of one's own among those that the runtime makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from ._ffi import raw, text

if TYPE_CHECKING:
    from . import _sys

__all__ = ["Span", "Tracing"]


class Span:
    """Some work, and how long it takes: ``with ctx.tracing.start_span("resize") as span:``.

    JS: Span.
    """

    __slots__ = ("_js",)

    def __init__(self, span: _sys.Span) -> None:
        self._js: _sys.Span = raw(span)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

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

    def end(self) -> None:
        """It is over; ``with`` does this by itself. JS: Span.end."""
        self._js.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class Tracing:
    """JS: Tracing."""

    __slots__ = ("_js",)

    def __init__(self, tracing: _sys.Tracing) -> None:
        self._js: _sys.Tracing = raw(tracing)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    def start_span(self, name: str) -> Span:
        """A span from now until its ``end``, of at most 64 bytes of name. What the runtime traces
        meanwhile is beside it, not below it.

        JS: Tracing.startSpan.
        """
        made: list[Any] = []
        # older runtimes have no startSpan
        self._js.startActiveSpan(text(name, "name"), made.append)
        return Span(made[0])
