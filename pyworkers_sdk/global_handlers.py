"""``handler``: the older form of Workers, functions of the module named ``on_fetch`` etc."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature
from typing import Any, TypeVar, cast, get_type_hints

from ._border import raw
from .entrypoints import HANDLERS, Called, ExecutionContext, hide_from_traceback
from .env import Env

__all__ = ["handler"]

F = TypeVar("F", bound=Callable[..., Any])

_EVENTS = ("fetch", "scheduled", "queue", "trace")


def handler(function: F) -> F:
    """Make a global handler take and return objects of this package.

    The function is ``on_fetch``, ``on_scheduled``, ``on_queue`` or ``on_trace``::

        @handler
        async def on_fetch(request: Request, env: AppEnv, ctx: ExecutionContext) -> Response: ...

    The second and the third parameter may be left out. ``env`` is converted if its annotation is
    an Env class, and otherwise the runtime's own object. The runtime calls global handlers up to
    compatibility date 2025-08-13 only, or with the flag ``disable_python_no_global_handlers``. For
    later dates, and for other events, write a ``WorkerEntrypoint``.

    Raises:
        TypeError: The function has another name.
    """
    name = function.__name__
    event = name.removeprefix("on_")
    if event == name or event not in _EVENTS:
        from ._spelling import did_you_mean  # only errors need it

        known = [f"on_{event}" for event in _EVENTS]
        hint = did_you_mean(f"on_{event}", known)
        raise TypeError(f"{name}: unknown handler; expected one of {', '.join(known)}{hint}")
    call = HANDLERS[event][1]
    count = _positional(function)

    async def wrapper(payload: Any, env: Any = None, ctx: Any = None) -> Any:
        bound = Called(function, (_env(function, env), _context(ctx)), count)
        with hide_from_traceback:
            result = await call(bound, payload)
        # A call from within the program passes an object of this package, and gets one back.
        return raw(result) if payload is raw(payload) else result

    # Not functools.wraps: it sets __wrapped__, and the runtime reads the signature through it to
    # decide how many arguments it passes. A function without env or ctx would then get too few, and
    # the wrapper could not make the Env. Only the names are copied, for logs and help().
    wrapper.__name__ = name
    wrapper.__qualname__ = function.__qualname__
    wrapper.__module__ = function.__module__
    wrapper.__doc__ = function.__doc__
    setattr(wrapper, "_handles", event)  # noqa: B010
    return cast("F", wrapper)


def _positional(function: Callable[..., Any]) -> int:
    """Return how many arguments a handler takes by position, at most three."""
    kinds = [parameter.kind for parameter in signature(function).parameters.values()]
    if Parameter.VAR_POSITIONAL in kinds:
        return 3
    return sum(
        kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds
    )


def _env(function: Any, env: Any) -> Any:
    env_class = _env_type(function)
    return env if env_class is None or isinstance(env, env_class) else env_class(env)


@cache
def _env_type(function: Any) -> Any:
    """Return the Env class in a handler's annotations, or None.

    Annotations are read at the first call. None stands for an annotation without an Env class, or
    with a name that only type checkers import.
    """
    try:
        annotations = get_type_hints(function).values()
    except (AttributeError, NameError, TypeError):
        return None
    classes = (hint for hint in annotations if isinstance(hint, type))
    return next((each for each in classes if issubclass(each, Env)), None)


def _context(ctx: Any) -> ExecutionContext | None:
    return ctx if ctx is None or isinstance(ctx, ExecutionContext) else ExecutionContext(ctx)
