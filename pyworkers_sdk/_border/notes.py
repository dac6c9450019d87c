"""The note of an error: the binding, the method, and the key or the SQL. Only errors load this."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import Any, cast

__all__ = ["annotate"]

_LONGEST = 500
_KEYS = ("key", "keys", "name")
_SQL = ("sql", "query")
# Their arguments of these names are the names of headers or fields, or secret keys.
_WITHOUT_KEYS = {
    "pyworkers_sdk.crypto",
    "pyworkers_sdk.headers",
    "pyworkers_sdk.forms",
    "pyworkers_sdk.html_rewriter",
}


def annotate(error: BaseException, frame: FrameType) -> None:
    """Add a note to an error that a method of this package raises.

    It reads the method's own arguments, so that a call that succeeds pays nothing. It has no bound
    values, and no values that are stored or sent.
    """
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    arguments = {name: value for name, value in frame.f_locals.items() if name in names}
    own = arguments.get("self")
    owner = getattr(own, "_of", None) or own
    binding = getattr(owner, "_binding", None)
    subject = _subject(own, arguments, frame.f_globals["__name__"])
    if binding is None and not subject:
        return  # the method is in the traceback
    parts = [] if binding is None else [f"binding {binding}"]
    method = code.co_name
    if own is not None and not method.startswith("_"):
        parts.append(f"{type(own).__name__}.{method}()")
    error.add_note(", ".join(parts + subject))


def _subject(own: Any, arguments: Mapping[str, Any], module: str) -> list[str]:
    sql = getattr(own, "_sql", None)
    if not isinstance(sql, str):
        sql = next((arguments[name] for name in _SQL if name in arguments), None)
    if isinstance(sql, str):
        return [f"SQL: {_short(str.__str__(sql))}"]
    if module in _WITHOUT_KEYS:
        return []
    for name in _KEYS:
        value = arguments.get(name)
        if isinstance(value, str):
            return [f"{name} {_short(str.__str__(value))!r}"]
        if isinstance(value, (list, tuple)):
            texts = [
                repr(str.__str__(each))
                for each in cast("list[Any]", value)
                if isinstance(each, str)
            ]
            return [f"{name} {_short(', '.join(texts))}"]
    return []


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
