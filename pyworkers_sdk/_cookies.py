"""Cookies of a request, and the header Set-Cookie (RFC 6265 and its revision)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from ._border import aware, expected, text
from ._http_dates import http_date
from .errors import ConversionError

__all__ = ["parse_cookies", "set_cookie"]

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PLAIN = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_ESCAPED = re.compile(rb"[^\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]")
_ESCAPE = re.compile(rb"\\([0-3][0-7][0-7]|.)", re.DOTALL)
_DOMAIN = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PATH = re.compile(r"/[\x20-\x3a\x3c-\x7e]*")
_SAME_SITE = ("Strict", "Lax", "None")


def parse_cookies(header: str) -> dict[str, str]:
    """Return the cookies of the header Cookie. Of cookies with one name the first one counts."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip(" \t")
        if equals and name and name not in cookies:
            cookies[name] = _unquoted(value.strip(" \t"))
    return cookies


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    value = value[1:-1]
    if "\\" not in value:
        return value
    return _ESCAPE.sub(_unescaped, value.encode("utf-8", "surrogatepass")).decode(
        "utf-8", "replace"
    )


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[1], 8),)) if len(escape[1]) == 3 else escape[1]


def _quoted(value: str) -> str:
    """Return the value, in quotes if it has other characters than RFC 6265 allows."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = _ESCAPED.sub(lambda byte: b"\\%03o" % ord(byte[0]), value.encode())
    return f'"{escaped.decode()}"'


def set_cookie(
    name: Any,
    value: Any,
    max_age: Any,
    expires: Any,
    domain: Any,
    path: Any,
    secure: Any,
    http_only: Any,
    same_site: Any,
    partitioned: Any,
) -> str:
    """Return the value of the header Set-Cookie."""
    name = _matching(name, "name", _NAME, "letters, digits and !#$%&'*+-.^_`|~")
    same_site = _same_site(same_site)
    _check_prefix(name, secure, http_only, domain, path)
    for reason, needs_secure in (
        ('same_site="None"', same_site == "None"),
        ("partitioned=True", partitioned),
    ):
        if needs_secure and not secure:
            raise ConversionError(
                f"secure: expected True with {reason}, got {secure!r}; browsers drop the cookie"
            )
    parts = [f"{name}={_quoted(text(value, 'value'))}"]
    if max_age is not None:
        parts.append(f"Max-Age={_seconds(max_age)}")
    if expires is not None:
        parts.append(f"Expires={http_date(_aware(expires))}")
    if domain is not None:
        domain = _matching(domain, "domain", _DOMAIN, "a host name in ASCII")
        parts.append(f"Domain={domain}")
    if path is not None:
        path = _matching(path, "path", _PATH, 'a path in ASCII that begins with "/", without ";"')
        parts.append(f"Path={path}")
    flags = {"Secure": secure, "HttpOnly": http_only}
    parts.extend(flag for flag, is_set in flags.items() if is_set)
    if same_site is not None:
        parts.append(f"SameSite={same_site}")
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _matching(value: Any, place: str, pattern: re.Pattern[str], wanted: str) -> str:
    if not pattern.fullmatch(text(value, place)):
        raise ConversionError(f"{place}: expected {wanted}, got {value!r}")
    return str(value)


def _check_prefix(name: str, secure: Any, http_only: Any, domain: Any, path: Any) -> None:
    """Refuse a cookie that browsers would drop because of the prefix of its name."""
    prefix = next((each for each in _PREFIXES if name.lower().startswith(each.lower())), None)
    if prefix is None:
        return
    wanted: dict[str, tuple[Any, Any]] = {"secure": (True, bool(secure))}
    if "Http-" in prefix:
        wanted["http_only"] = (True, bool(http_only))
    if "Host-" in prefix:
        wanted |= {"path": ("/", path), "domain": (None, domain)}
    for option, (value, actual) in wanted.items():
        if actual != value:
            raise ConversionError(
                f"{option}: expected {value!r} for a name that begins with {prefix}, got"
                f" {actual!r}; browsers drop the cookie"
            )


_PREFIXES = ("__Host-Http-", "__Host-", "__Http-", "__Secure-")


def _same_site(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        for known in _SAME_SITE:
            if value.lower() == known.lower():
                return known
    raise ConversionError(f'same_site: expected "Strict", "Lax" or "None", got {value!r}')


def _seconds(value: Any) -> int:
    if isinstance(value, timedelta):
        return -(-value // timedelta(seconds=1))  # rounded up: 0 would delete the cookie
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise expected("max_age", "int or timedelta", value)


def _aware(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise expected("expires", "an aware datetime", value)
    return aware(value, "expires")
