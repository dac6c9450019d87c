"""Suggestions for misspelt names. It is imported only where a name may be misspelt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

__all__ = ["check_handlers", "did_you_mean", "in_env_class", "similar", "undeclared"]


def similar(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` probably stands for, or None.

    A name in another style counts as equal: ``webSocketMessage``, ``web-socket-message``.
    """
    plain_names = {_plain(each): each for each in known}
    plain = _plain(name)
    if plain in plain_names:
        return plain_names[plain]
    from difflib import get_close_matches

    close = get_close_matches(plain, plain_names, 1, 0.7)
    return plain_names[close[0]] if close else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return "; did you mean x?" for an unknown name, or "" if no known name is similar."""
    close = similar(name, known) if isinstance(name, str) else None
    return f"; did you mean {close}?" if close else ""


def undeclared(env: str, name: str, value: Any, declared: Iterable[str]) -> str:
    """Return the error for an attribute that an Env class does not declare.

    Args:
        env: The name of the Env class.
        name: The name of the attribute.
        value: The value of this name in the Worker's configuration, or None.
        declared: The names that the class declares.
    """
    error = f"{env} does not declare {name}"
    close = did_you_mean(name, declared)
    if close and value is None:
        return f"{error}{close}"
    known = ", ".join(declared)
    if value is None and known:
        error = f"{error}; it has {known}"
    if env != "Env":
        return f"{error}; annotate it there: class {env}(Env): {name}: {_kind(name, value)}"
    return f"{error}; {in_env_class(name, value)}"


def in_env_class(name: str, value: Any = None) -> str:
    """Return how to declare a binding or a variable in a Worker without an Env class."""
    return (
        f"annotate it in a class of your own, class AppEnv(Env): {name}: {_kind(name, value)}, and "
        "name this class in WorkerEntrypoint[AppEnv]"
    )


_KINDS = {
    "ai": "AI",
    "analyticsenginedataset": "AnalyticsEngineDataset",
    "assets": "Assets",
    "browser": "Browser",
    "browserrun": "Browser",
    "bucket": "R2",
    "cache": "KV",
    "d1database": "D1",
    "db": "D1",
    "durableobjectnamespace": 'DurableObjectNamespace["YourClass"]',
    "fetcher": "Service[Any]",
    "hyperdrive": "Hyperdrive",
    "images": "Images",
    "imagesbinding": "Images",
    "kv": "KV",
    "kvnamespace": "KV",
    "queue": "Queue[Any]",
    "r2bucket": "R2",
    "ratelimit": "RateLimit",
    "sendemail": "SendEmail",
    "vectorize": "Vectorize",
    "workerqueue": "Queue[Any]",
    "workflow": "Workflow",
}
"""The annotation by the JavaScript class of a binding, or by a usual name; in lower case."""


def _kind(name: str, value: Any) -> str:
    """Return the probable annotation of a name; only errors use it."""
    if isinstance(value, (str, bool, int, float)):
        return type(value).__name__
    constructor: Any = getattr(value, "constructor", cast("Any", type(value)))
    class_name = getattr(constructor, "name", None) or getattr(constructor, "__name__", "")
    words = (str(class_name).removeprefix("Fake"), name.rpartition("_")[2])
    kinds = [_KINDS.get(each.lower()) for each in words]
    return next(filter(None, kinds), "KV, or whatever it is")


def check_handlers(cls: type[Any], methods: Iterable[str], handlers: Sequence[str]) -> None:
    """Refuse a method of a class whose name is a misspelt handler that the class lacks.

    Raises:
        TypeError: There is such a method. A name that may be an English word, such as ``schedule``,
            is refused only if its first parameter is named like the handler's.
    """
    missing = [name for name in handlers if not hasattr(cls, name)]
    for method in methods:
        handler = _intended(method, _first_parameter(getattr(cls, method)), missing)
        if handler is not None:
            raise TypeError(
                f"{cls.__qualname__}.{method}: unknown handler; did you mean {handler}? "
                "Choose another name for a method that is called over RPC"
            )


_PARAMETERS = {
    "fetch": {"request", "req"},
    "connect": {"socket"},
    "queue": {"batch"},
    "scheduled": {"controller", "event"},
    "email": {"message"},
    "tail": {"events", "traces"},
    "trace": {"events", "traces"},
    "tail_stream": {"onset"},
    "alarm": {"info"},
    "run": {"event"},
}
"""How examples name the first parameter of each handler; that of a WebSocket's is ``ws``."""

_WEB_SOCKET = {"ws", "socket", "websocket", "web_socket"}

_EVENTS = {
    "message": "web_socket_message",
    "close": "web_socket_close",
    "error": "web_socket_error",
}


def _intended(method: str, parameter: str | None, handlers: Sequence[str]) -> str | None:
    """Return the handler that a method is meant to be, or None."""
    name = _plain(method)
    event = _EVENTS.get(name.removeprefix("on").removeprefix("handle").removeprefix("ws"))
    if event in handlers and parameter in _WEB_SOCKET:
        return event
    for handler in handlers:
        plain = _plain(handler)
        if name in (plain, f"on{plain}", f"handle{plain}", f"{plain}handler"):
            return handler
        by_parameter = parameter in _PARAMETERS.get(handler, _WEB_SOCKET)
        if _is_slip(name, plain, by_parameter):
            return handler
    return None


def _is_slip(name: str, handler: str, by_parameter: bool) -> bool:
    """Return True if a name is a handler's with a slip of the fingers.

    If the parameter is not the handler's, the name must not be a word, as ``queued``, ``mail`` and
    ``schedules`` are.
    """
    start = _common(name, handler)
    rest = name[start:], handler[start:]
    end = _common(*[each[::-1] for each in rest])
    wrong, right = [each[: len(each) - end] for each in rest]
    if max(len(wrong), len(right)) > 1 and wrong != right[::-1]:
        return False
    inside = bool(start and end) and len(handler) > 4 and handler != "trace"
    return inside or by_parameter or len(handler) > 9


def _common(one: str, other: str) -> int:
    """Return the number of characters with which both begin."""
    pairs = zip(one, other)
    return next(
        (i for i, pair in enumerate(pairs) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _first_parameter(function: Any) -> str | None:
    code = function.__code__
    names: tuple[str, ...] = code.co_varnames[1 : code.co_argcount]
    return names[0] if names else None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
