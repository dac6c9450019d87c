"""Conversion between JavaScript's names and Python's, of nested options and of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar, cast

from ._border import dumps, expected, from_json
from .errors import ConversionError

__all__ = ["camel", "js_bag", "js_options", "json_of", "list_of", "made_of", "named_tuple"]

T = TypeVar("T")

_IRREGULAR = {
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
"""JavaScript's spelling of the names that are not plain camelCase there."""


def camel(name: str) -> str:
    """Return JavaScript's spelling of one of this package's names."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def js_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that are not None, under JavaScript's names.

    A timedelta becomes a number in the unit of the option.
    """
    return {camel(name): _number(name, v) for name, v in options.items() if v is not None}


def _number(name: str, value: Any) -> Any:
    if not isinstance(value, timedelta):
        return value
    return -(-value // timedelta(seconds=1) if name in _IN_SECONDS else -value // _MILLISECOND)


_IN_SECONDS = ("cache_ttl",)
"""The names of durations that JavaScript takes in seconds; all others are in milliseconds."""

_MILLISECOND = timedelta(milliseconds=1)


def js_bag(
    options: Any,
    options_type: type[Any],
    name: str,
    convert: Mapping[str, Callable[[Any, str], Any]] | None = None,
) -> dict[str, Any]:
    """Return a dict of options under JavaScript's names, without the keys that are None.

    Args:
        options: The dict that was passed.
        options_type: The TypedDict with all valid keys.
        name: The place of the dict in an error message.
        convert: Converts the value under a key, given the value and its place. Nested options need
            it.

    Raises:
        ConversionError: ``options`` is not a dict, or has an unknown key.
    """
    if not isinstance(options, Mapping):
        raise expected(name, "a dict", options)
    known: dict[str, Any] = options_type.__annotations__
    js_names: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", options).items():
        if key not in known:
            raise ConversionError(_unknown_key(name, key, known))
        if value is not None:
            conversion = (convert or {}).get(key)
            js_names[camel(key)] = (
                conversion(value, f"{name}.{key}") if conversion else _number(key, value)
            )
    return js_names


def made_of(cls: Callable[..., T], fields: Any, place: str, names: tuple[str, ...]) -> T:
    """Return ``cls(**fields)`` for a dict, JavaScript's form of an instance.

    Args:
        cls: The class.
        fields: The dict.
        place: The place of the dict in an error message.
        names: The names of the parameters; the names that end with "!" are required.

    Raises:
        ConversionError: The dict has an unknown key, or lacks one.
    """
    known = [name.removesuffix("!") for name in names]
    for key in fields:
        if key not in known:
            raise ConversionError(_unknown_key(place, key, known))
    for name in names:
        if name.endswith("!") and name.removesuffix("!") not in fields:
            raise ConversionError(f"{place}: missing key {name.removesuffix('!')!r}")
    return cls(**fields)


def _unknown_key(name: str, key: object, known: Iterable[str]) -> str:
    similar = [each for each in known if camel(each) == key]
    if similar:
        return f"{name}: unknown key {key!r}; did you mean {similar[0]}?"
    from ._spelling import did_you_mean  # only errors need it

    hint = did_you_mean(key, known)
    return f"{name}: unknown key {key!r}; expected one of {', '.join(known)}{hint}"


def named_tuple(tuple_type: type[T], fields: dict[str, Any], **convert: Callable[[Any], Any]) -> T:
    """Return a NamedTuple of the fields of an object from JavaScript; a missing field is None.

    Args:
        tuple_type: The NamedTuple. Its fields have this package's names.
        fields: The object's fields under JavaScript's names.
        convert: The conversion of each field that needs one; it is not called for None.
    """
    names: tuple[str, ...] = cast("Any", tuple_type)._fields
    values: list[Any] = []
    for name in names:
        value = fields.get(camel(name))
        values.append(convert[name](value) if name in convert and value is not None else value)
    return tuple_type(*values)


def list_of(convert: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Return a function that converts each item of a list."""
    return lambda items: [convert(item) for item in items]


def json_of(options: Mapping[str, Any], name: str = "options") -> Any:
    """Return the options that were passed, as a JavaScript object of JSON."""
    return from_json(dumps({k: v for k, v in options.items() if v is not None}, name))
