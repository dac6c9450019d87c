"""Between JavaScript's names and ours, where options nest and results have many fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ._border import dumps, from_json
from .errors import ConversionError

__all__ = ["camel", "js_bag", "js_options", "json_of", "list_of", "named_tuple"]

T = TypeVar("T")

_OTHERWISE = {
    "cache_ttl": "cacheTTL",
    "channel_link": "channel_link",
    "convert_og_image": "convertOGImage",
    "custom_ai": "custom_ai",
    "in_": "in",
    "prefer_css_page_size": "preferCSSPageSize",
    "require_signed_urls": "requireSignedURLs",
    "response_format": "response_format",
    "set_extra_http_headers": "setExtraHTTPHeaders",
    "share_link": "share_link",
    "upload_url": "uploadURL",
}


def camel(name: str) -> str:
    """JavaScript's spelling of one of our names."""
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def js_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that were given, under JavaScript's names."""
    return {camel(name): value for name, value in options.items() if value is not None}


def js_bag(
    given: Any,
    kind: type[Any],
    name: str,
    inner: Mapping[str, Callable[[Any, str], Any]] | None = None,
) -> dict[str, Any]:
    """An options bag under JavaScript's names: a dict with the keys of the TypedDict ``kind``.

    ``inner`` makes what is under a key ready, where that is a bag again.
    """
    if not isinstance(given, Mapping):
        raise ConversionError(f"{name}: expected a dict, got {type(given).__name__}")
    known: dict[str, Any] = kind.__annotations__
    made: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", given).items():
        if key not in known:
            raise ConversionError(f"{name}: no {key!r}; there are {', '.join(known)}")
        if value is not None:
            ready = (inner or {}).get(key)
            made[camel(key)] = ready(value, f"{name}.{key}") if ready else value
    return made


def named_tuple(kind: type[T], found: dict[str, Any], **inner: Callable[[Any], Any]) -> T:
    """The NamedTuple ``kind`` of an object that came from JavaScript, under its own names.

    ``inner`` makes a field of what was found, unless that is None.
    """
    fields: tuple[str, ...] = cast("Any", kind)._fields
    values: list[Any] = []
    for field in fields:
        value = found.get(camel(field))
        values.append(inner[field](value) if field in inner and value is not None else value)
    return kind(*values)


def list_of(make: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """What makes a list, item by item."""
    return lambda found: [make(item) for item in found]


def json_of(options: Mapping[str, Any], name: str = "options") -> Any:
    """Return the options that were passed, as a JavaScript object of JSON."""
    return from_json(dumps({k: v for k, v in options.items() if v is not None}, name))
