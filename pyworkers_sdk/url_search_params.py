"""``URLSearchParams``: the query of a URL, or a form in a URL's encoding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from ._border import expected, text

__all__ = ["URLSearchParams"]

T = TypeVar("T")

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(rb"[^A-Za-z0-9*._-]")


class URLSearchParams:
    """Names and values of a query, in order. A name may repeat, and every value is text.

    ``query[name]`` and ``get`` return the first value of a name, ``get_all`` all values. Iteration
    yields a name once for each of its values, and ``len`` counts the values. ``str(query)`` is the
    query without "?". It cannot be changed: make another one from its ``items()``.

    Escapes and "+" are decoded as JavaScript does. Bytes that are not UTF-8 become U+FFFD, and
    an incomplete escape stays as it is. Nothing is refused.

    Args:
        init: A query, with or without "?", or names and values.

    Raises:
        ConversionError: A name or a value is not text.

    JS: URLSearchParams.
    """

    __slots__ = ("_pairs",)

    def __init__(
        self, init: str | Mapping[str, str] | Iterable[tuple[str, str]] | URLSearchParams = ""
    ) -> None:
        if isinstance(init, str):
            self._pairs = _parsed(text(init, "init").removeprefix("?"))
        else:
            self._pairs = _listed(init)

    @classmethod
    def of_url(cls, url: str) -> URLSearchParams:
        """Return the query of a URL. JS: URL.searchParams."""
        query = cls()
        query._pairs = _parsed(url.partition("#")[0].partition("?")[2])
        return query

    def __repr__(self) -> str:
        return f"URLSearchParams({self._pairs!r})"

    def __str__(self) -> str:
        """Return the query without "?", encoded. JS: URLSearchParams.toString."""
        return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in self._pairs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, URLSearchParams):
            return NotImplemented
        return self.items() == other.items()

    def __hash__(self) -> int:
        return hash(tuple(self._pairs))

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: Any = None) -> Any:
        """Return the first value of a name, or ``default``.

        JS: URLSearchParams.get.
        """
        name = text(name, "name")
        return next((value for key, value in self._pairs if key == name), default)

    def get_all(self, name: str) -> list[str]:
        """Return all values of a name.

        JS: URLSearchParams.getAll.
        """
        name = text(name, "name")
        return [value for key, value in self._pairs if key == name]

    def has(self, name: str) -> bool:
        """Return True if the name exists.

        JS: URLSearchParams.has.
        """
        name = text(name, "name")
        return any(key == name for key, _ in self._pairs)

    def items(self) -> list[tuple[str, str]]:
        """Return the pairs of names and values.

        JS: URLSearchParams.entries.
        """
        return self._pairs.copy()

    def keys(self) -> list[str]:
        """Return the names, once for each value.

        JS: URLSearchParams.keys.
        """
        return [name for name, _ in self._pairs]

    def values(self) -> list[str]:
        """Return the values.

        JS: URLSearchParams.values.
        """
        return [value for _, value in self._pairs]

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._pairs)


def _parsed(query: str) -> list[tuple[str, str]]:
    """Parse a query: https://url.spec.whatwg.org/#concept-urlencoded-parser"""
    pieces = (piece.partition("=") for piece in query.split("&") if piece)
    return [(_decoded(name), _decoded(value)) for name, _, value in pieces]


def _decoded(piece: str) -> str:
    if "%" not in piece and "+" not in piece:
        return piece
    data = piece.replace("+", " ").encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(_byte, data).decode("utf-8", "replace")


def _byte(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[1], 16),))


def _encoded(value: str) -> str:
    return _UNSAFE.sub(_escape, value.encode()).decode()


def _escape(unsafe: re.Match[bytes]) -> bytes:
    return b"+" if unsafe[0] == b" " else b"%%%02X" % ord(unsafe[0])


def _listed(init: Any) -> list[tuple[str, str]]:
    pairs = init.items() if hasattr(init, "items") else init
    try:
        listed = [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise expected("init", "str, a mapping or pairs of str", init) from None
    return [(text(name, "name"), text(value, f"query[{name!r}]")) for name, value in listed]
