"""What ``FakeRuntime`` takes for a Worker, as the class that it calls."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..._border import raw
from ...entrypoints import hide_from_traceback

__all__ = ["worker_of"]


def worker_of(given: Any) -> type[Any]:
    """A class as it is; a main module's ``Default``, or its functions; one such function."""
    if isinstance(given, type):
        return given
    if not isinstance(given, ModuleType):
        return _global_handlers(getattr(given, "__name__", repr(given)), [given])
    default = getattr(given, "Default", None)
    functions = [one for name, one in vars(given).items() if name.startswith("on_")]
    if isinstance(default, type):
        if functions:
            raise TypeError(f"{given.__name__} has both Default and {functions[0].__name__}")
        return default
    if not functions:
        raise TypeError(f"{given.__name__} has neither Default nor on_fetch")
    return _global_handlers(given.__name__, functions)


class _GlobalHandlers:
    """Functions called as a class's handlers are."""

    def __init__(self, ctx: Any, env: Any) -> None:
        self._ctx = ctx
        self._env = env


def _global_handlers(name: str, functions: list[Any]) -> type[Any]:
    handlers: dict[str, Any] = {}
    for function in functions:
        event = getattr(function, "_handles", None)
        if event is None:
            called = getattr(function, "__name__", repr(function))
            raise TypeError(f"{called} is no entrypoint: a class, a module, or with @handler")
        handlers[event] = _called_by(function)
    return type(name, (_GlobalHandlers,), handlers)


def _called_by(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(self: _GlobalHandlers, given: Any) -> Any:
        with hide_from_traceback:
            return raw(await function(given, self._env, self._ctx))

    return call
