"""``handler``: the form that Workers had before classes, functions named ``on_fetch`` and so on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature
from typing import Any, TypeVar, get_type_hints

from ._border import raw
from .entrypoints import HANDLERS, ExecutionContext, hide_from_traceback
from .env import Env

__all__ = ["handler"]

F = TypeVar("F", bound=Callable[..., Any])

_EVENTS = ("fetch", "scheduled", "queue", "trace")


def handler(function: F) -> F:
    """Make ``on_fetch``, ``on_scheduled``, ``on_queue`` or ``on_trace`` take and give this
    package's objects.

    ::

        @handler
        async def on_fetch(request: Request, env: AppEnv, ctx: ExecutionContext) -> Response: ...

    The second and the third parameter may be left out. ``env`` is what its annotation says if that
    is an Env class, and otherwise what the runtime gives. The runtime calls such functions of the
    main module only up to compatibility date 2025-08-13, or with the flag
    ``disable_python_no_global_handlers``; after that write a ``WorkerEntrypoint``, which alone has
    the other handlers.
    """
    name = function.__name__
    event = name.removeprefix("on_")
    if event == name or event not in _EVENTS:
        known = ", ".join(f"on_{each}" for each in _EVENTS)
        raise TypeError(f"the runtime has no handler {name}; there are {known}")
    call = HANDLERS[event][1]
    count = _positional(function)

    async def called(given: Any, env: Any = None, ctx: Any = None) -> Any:
        bound = _Bound(function, (_env(function, env), _context(ctx)), count)
        with hide_from_traceback:
            result = await call(bound, given)
        # a call from within the program gave our own object, and gets one
        return raw(result) if given is raw(given) else result

    # not functools.wraps: the runtime would call it with as few arguments as the function takes
    called.__name__ = name
    called.__qualname__ = function.__qualname__
    called.__module__ = function.__module__
    called.__doc__ = function.__doc__
    made: Any = called
    made._handles = event
    return made  # type: ignore[no-any-return]


class _Bound:
    """A handler with all that it takes but the first."""

    def __init__(self, function: Callable[..., Any], rest: tuple[Any, ...], count: int) -> None:
        self.__func__ = function
        self.__qualname__ = function.__qualname__
        self._rest = rest
        self._count = count

    def __call__(self, given: Any) -> Any:
        with hide_from_traceback:
            return self.__func__(*(given, *self._rest)[: self._count])


def _positional(function: Callable[..., Any]) -> int:
    kinds = [each.kind for each in signature(function).parameters.values()]
    if Parameter.VAR_POSITIONAL in kinds:
        return 3
    return sum(
        kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds
    )


def _env(function: Any, env: Any) -> Any:
    kind = _env_type(function)
    return env if kind is None or isinstance(env, kind) else kind(env)


@cache
def _env_type(function: Any) -> Any:
    """The Env class in a handler's annotations, known when it is first called; None where there is
    none, or where it names what only type checkers import."""
    try:
        found = [*get_type_hints(function).values()]
    except (AttributeError, NameError, TypeError):
        return None
    return next((hint for hint in found if isinstance(hint, type) and issubclass(hint, Env)), None)


def _context(ctx: Any) -> ExecutionContext | None:
    return ctx if ctx is None or isinstance(ctx, ExecutionContext) else ExecutionContext(ctx)
