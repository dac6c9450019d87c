"""The classes that the runtime calls: ``WorkerEntrypoint``.

The runtime exports every class in the main module's namespace that subclasses its own
``WorkerEntrypoint``. What this module offers under that name is therefore no class at run time but
an object that a ``class`` statement turns into a fresh base (``__mro_entries__``); type checkers
see an ordinary generic class.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache, wraps
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from ._ffi import from_js, official_base, promise, prop, raw
from .errors import WorkersError
from .http import Request, Response

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _sys
    from .queues import MessageBatch

    EnvT = TypeVarWithDefault("EnvT", default=Any)

__all__ = ["ExecutionContext", "WorkerEntrypoint"]

T = TypeVar("T")


class ExecutionContext:
    """What goes on around one request. JS: ExecutionContext."""

    __slots__ = ("_js",)

    def __init__(self, ctx: _sys.ExecutionContext) -> None:
        self._js: _sys.ExecutionContext = raw(ctx)

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

    def wait_until(self, work: Awaitable[Any]) -> None:
        """Let ``work`` go on after the response was sent, for at most 30 s.

        JS: ExecutionContext.waitUntil.
        """
        self._js.waitUntil(promise(work))

    def pass_through_on_exception(self) -> None:
        """If the handler raises, send the request on to the origin.

        JS: ExecutionContext.passThroughOnException.
        """
        self._js.passThroughOnException()

    @property
    def props(self) -> Any:
        """What the binding that called this entrypoint says of the caller, as JSON data.

        JS: ExecutionContext.props.
        """
        return from_js(prop(self._js, "props"))


if TYPE_CHECKING:

    class WorkerEntrypoint(Generic[EnvT]):
        """A Worker, or a named entrypoint of one; make ``Default`` a subclass of it.

        ``self.env`` is of the type in brackets; without one it is what the runtime gives.

        JS: cloudflare:workers.WorkerEntrypoint.
        """

        env: EnvT
        ctx: ExecutionContext

        def __init__(self, ctx: Any, env: Any) -> None: ...

        async def fetch(self, request: Request) -> Response:
            """Answer an HTTP request."""
            ...

        async def queue(self, batch: MessageBatch[Any]) -> None:
            """Take messages; ``MessageBatch[Job]`` says what their bodies are."""
            ...

else:

    class _Base:
        """Stands in a class statement for a base that is made there and then."""

        def __init__(self, make: Callable[[Any], type], env: Any = None) -> None:
            self._make = make
            self._env = env

        def __getitem__(self, env: Any) -> _Base:
            return _Base(self._make, env)

        def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
            return (self._make(self._env),)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            raise TypeError("subclass WorkerEntrypoint; the runtime makes its instances")

    def _worker_entrypoint(env_type: Any) -> type:
        class WorkerEntrypoint(official_base("WorkerEntrypoint")):
            def __init__(self, ctx: Any, env: Any) -> None:
                super().__init__(ctx, env)
                self.ctx = ExecutionContext(ctx)
                self.env = env if env_type is None else env_type(env)

            def __init_subclass__(cls, **kwargs: Any) -> None:
                queue = getattr(cls, "queue", None)
                if queue is not None:  # before the official class puts a wrapper of its own around
                    cls.queue = _takes_batch(queue)
                super().__init_subclass__(**kwargs)
                fetch = getattr(cls, "fetch", None)
                if fetch is not None:
                    cls.fetch = _takes_request(fetch)

        return WorkerEntrypoint

    WorkerEntrypoint = _Base(_worker_entrypoint)


def _takes_request(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """``fetch`` as the runtime calls it, with a request of its own making."""

    @wraps(handler)
    async def fetch(self: Any, request: Any) -> Any:
        if not isinstance(request, Request):
            request = Request.from_js(request)
        response = await handler(self, request)
        kind = cast("type[Any]", type(response))
        if issubclass(kind, _NO_RESPONSE):
            name = f"{type(self).__name__}.fetch"
            raise WorkersError(f"{name} returned a {kind.__name__}, not a Response")
        return response

    return fetch


def _takes_batch(handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """``queue`` as the runtime calls it, with a batch of its own making."""
    from .queues import MessageBatch  # only a Worker with such a handler pays for it

    @wraps(handler)
    async def queue(self: Any, batch: Any, *env_and_ctx: Any) -> None:
        for one in (batch, raw(batch)):  # as it is where super().queue(batch) was called
            if isinstance(one, MessageBatch):
                return await handler(self, one)
        return await handler(self, MessageBatch(batch, _row_type(handler, MessageBatch)))

    return queue


@cache
def _row_type(handler: Any, batch: Any) -> Any:
    """``Job`` of ``MessageBatch[Job]`` in a handler's annotations, which is known when it is called
    first; None where there is none, or where it names what only type checkers import."""
    try:
        hints = get_type_hints(handler).values()
    except (AttributeError, NameError, TypeError):
        return None
    return next((get_args(hint)[0] for hint in hints if get_origin(hint) is batch), None)


_NO_RESPONSE = (type(None), str, bytes, int, float, dict, list, tuple)
