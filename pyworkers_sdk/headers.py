"""``Headers`` of requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, overload

from ._border import JsWrapper, expected, from_js, raising, raw, text, to_js, web
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["Headers", "HeadersInit"]

_raising = raising(WorkersError)

T = TypeVar("T")

HeadersInit: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]] | Headers"


class Headers(JsWrapper["_js.Headers"]):
    """Header names and values. Names are case-insensitive.

    Iteration yields the names in lower case, sorted. Several values of a name are joined by ", ".
    Only the values of Set-Cookie stay separate, and its name is yielded once for each. The headers
    of an incoming request and of a redirect are read-only: copy them by ``Headers(old)``.

    Raises:
        WorkersError: HTTP cannot carry a name or a value.

    JS: Headers.
    """

    __slots__ = ()

    def __init__(self, init: HeadersInit | None = None) -> None:
        with _raising:
            self._js = web.Headers.new(headers_of(init))

    @classmethod
    def from_js(cls, headers: Any) -> Self:
        """Wrap JavaScript's Headers. Changes are made in the same object."""
        self = cls.__new__(cls)
        self._js = raw(headers)
        return self

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header, or ``default``.

        JS: Headers.get.
        """
        with _raising:
            value = from_js(self._js.get(_name(name)))
        return default if value is None else value

    def get_set_cookie(self) -> list[str]:
        """Return the values of Set-Cookie, one for each cookie.

        JS: Headers.getSetCookie.
        """
        return list(from_js(self._js.getSetCookie()))

    def has(self, name: str) -> bool:
        """Return True if the header exists.

        JS: Headers.has.
        """
        with _raising:
            return bool(self._js.has(_name(name)))

    def set(self, name: str, value: str) -> None:
        """Set a header, and replace its old values.

        JS: Headers.set.
        """
        with _raising:
            self._js.set(_name(name), _value(name, value))

    def append(self, name: str, value: str) -> None:
        """Add a value to a header.

        JS: Headers.append.
        """
        with _raising:
            self._js.append(_name(name), _value(name, value))

    def delete(self, name: str) -> None:
        """Remove a header. A missing header is not an error.

        JS: Headers.delete.
        """
        with _raising:
            self._js.delete(_name(name))

    def items(self) -> list[tuple[str, str]]:
        """Return the pairs of names and values.

        JS: Headers.entries.
        """
        return [(pair[0], pair[1]) for pair in self._js]

    def keys(self) -> list[str]:
        """Return the names.

        JS: Headers.keys.
        """
        return [name for name, _ in self.items()]

    def values(self) -> list[str]:
        """Return the values, in the order of the names.

        JS: Headers.values.
        """
        return [value for _, value in self.items()]

    __contains__ = has
    __setitem__ = set

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.delete(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.items())


def _name(name: Any) -> str:
    return text(name, "header name")


def _value(name: str, value: Any) -> str:
    return text(value, f"headers[{name!r}]")


def headers_of(init: Any) -> Any:
    """Return the JavaScript value for headers."""
    if init is None:
        return None
    if isinstance(init, Headers):
        return init.js_object
    pairs = init.items() if hasattr(init, "items") else init
    try:
        pairs = [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise expected("headers", "a mapping or pairs of str", init) from None
    return to_js([[_name(name), _value(name, value)] for name, value in pairs])
