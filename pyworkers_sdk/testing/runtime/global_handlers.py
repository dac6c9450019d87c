"""``worker_of``: the class that a FakeRuntime calls, for whatever it was made with."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..._border import raw
from ...entrypoints import hide_from_traceback

__all__ = ["worker_of"]


def worker_of(entrypoint: Any) -> type[Any]:
    """Return a Worker's class.

    ``entrypoint`` is such a class, a main module with a ``Default`` or with functions made by
    ``handler``, or one such function.

    Raises:
        TypeError: ``entrypoint`` is anything else, or a module has both kinds of handlers.
    """
    if isinstance(entrypoint, type):
        return entrypoint
    if not isinstance(entrypoint, ModuleType):
        return _global_handlers(getattr(entrypoint, "__name__", repr(entrypoint)), [entrypoint])
    name = entrypoint.__name__
    default = getattr(entrypoint, "Default", None)
    functions = [each for key, each in vars(entrypoint).items() if key.startswith("on_")]
    if isinstance(default, type):
        if functions:
            raise TypeError(
                f"{name}: expected one entrypoint, got both Default and {functions[0].__name__}"
            )
        return default
    if not functions:
        raise TypeError(f"{name}: missing entrypoint; define a class Default, or on_fetch")
    return _global_handlers(name, functions)


class _GlobalHandlers:
    """Base of a class that is made of functions: each is called like a class's handler."""

    def __init__(self, ctx: Any, env: Any) -> None:
        self._ctx = ctx
        self._env = env


def _global_handlers(name: str, functions: list[Any]) -> type[Any]:
    handlers: dict[str, Any] = {}
    for function in functions:
        event = getattr(function, "_handles", None)
        if event is None:
            function_name = getattr(function, "__name__", repr(function))
            raise TypeError(
                f"{function_name} is not an entrypoint; pass a class, a module, or a function "
                "made by @handler"
            )
        handlers[event] = _method(function)
    return type(name, (_GlobalHandlers,), handlers)


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    # The runtime calls a global handler with the event, env and ctx, a method with the event only.
    async def call(self: _GlobalHandlers, event: Any) -> Any:
        with hide_from_traceback:
            return raw(await function(event, self._env, self._ctx))

    return call
