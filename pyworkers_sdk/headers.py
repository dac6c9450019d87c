"""``Headers`` of requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, overload

from ._border import JsWrapper, expected, from_js, raising, raw, text, to_js, web
from .errors import WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["Headers", "HeadersInit"]

_raising = raising(WorkersError)

T = TypeVar("T")

SameSite: TypeAlias = Literal["Strict", "Lax", "None", "strict", "lax", "none"]

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

    def __repr__(self) -> str:
        """Return the names: a value may be a cookie or a token."""
        return f"<Headers: {', '.join(self.keys())}>"

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

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | timedelta | None = None,
        expires: datetime | None = None,
        domain: str | None = None,
        path: str | None = "/",
        secure: bool = False,
        http_only: bool = False,
        same_site: SameSite | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a cookie to a response, with ``max_age`` in seconds.

        ``request.cookies`` reads any ``value`` back: it is put in quotes, with escapes, if it has
        other characters than RFC 6265 allows. Browsers drop a cookie whose name and value are
        longer than 4,096 bytes. JavaScript has no such method.

        Args:
            name: Letters, digits and ``!#$%&'*+-.^_`|~``. A name that begins with ``__Secure-``
                needs ``secure``. ``__Host-`` needs ``path="/"`` and no ``domain``, too.
            value: Text. It is not encrypted or signed.
            max_age: Seconds until the cookie expires; 0 or less deletes it. Without ``max_age``
                and ``expires`` the cookie lasts as long as the browser's session.
            expires: The time at which the cookie expires, aware. ``max_age`` wins over it.
            domain: The host that gets the cookie, with its subdomains. None: only this host.
            path: The cookie is sent for URLs below this path. None: the folder of the request.
            secure: Send the cookie over HTTPS only.
            http_only: Hide the cookie from the page's JavaScript.
            same_site: ``"Strict"``, ``"Lax"`` or ``"None"``; the last one needs ``secure``. None:
                the browser decides, most as for "Lax".
            partitioned: Keep one cookie for each site that embeds this one. Needs ``secure``.

        Raises:
            ConversionError: An option is invalid, or browsers would drop the cookie.
        """
        from ._cookies import set_cookie  # few Workers need it

        value = set_cookie(
            name,
            value,
            max_age,
            expires,
            domain,
            path,
            secure,
            http_only,
            same_site,
            partitioned,
        )
        self.append("set-cookie", value)

    def delete_cookie(
        self,
        name: str,
        *,
        domain: str | None = None,
        path: str | None = "/",
        secure: bool = False,
        http_only: bool = False,
        same_site: SameSite | None = None,
        partitioned: bool = False,
    ) -> None:
        """Delete a cookie in the browser. Pass the options with which it was set.

        Browsers delete only a cookie with the same ``domain`` and ``path``. JavaScript has no such
        method.

        Raises:
            ConversionError: An option is invalid, or browsers would ignore the deletion.
        """
        self.set_cookie(
            name,
            "",
            max_age=0,
            expires=datetime.fromtimestamp(0, timezone.utc),
            domain=domain,
            path=path,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )

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
