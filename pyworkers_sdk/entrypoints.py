"""The classes that the runtime calls: ``WorkerEntrypoint``, and what its relatives share.

The runtime exports every class in the main module's namespace that subclasses its own
``WorkerEntrypoint``, ``DurableObject`` or ``WorkflowEntrypoint``. What we offer under those names
is therefore no class at run time but an object that a ``class`` statement turns into a fresh base
(``__mro_entries__``); type checkers see an ordinary generic class.

The runtime holds the ``ExportProxy`` of an instance. Each call from outside arrives there with
JavaScript values and is converted there once. ``self.method()`` inside the program is a plain call.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import cache, partial, reduce
from inspect import isawaitable
from keyword import iskeyword
from types import CoroutineType, TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from ._border import JsWrapper, from_js, platform, promise, prop, raw
from ._border.rpc import answered, from_rpc, returned
from .errors import WorkersError
from .http import Request, Response

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _js
    from .access import CloudflareAccessContext
    from .cache_context import CacheContext
    from .email import ForwardableEmailMessage
    from .queues import MessageBatch
    from .scheduled import ScheduledController
    from .services import Exports
    from .tail import TraceItem
    from .tail_stream import Onset, TailEvent, TailEventHandlerType
    from .tcp import Socket
    from .tracing import Tracing

    EnvT = TypeVarWithDefault("EnvT", default=Any)

__all__ = ["Base", "ExecutionContext", "ExportProxy", "WorkerEntrypoint", "base"]

T = TypeVar("T")


class ExecutionContext(JsWrapper["_js.ExecutionContext"]):
    """What goes on around one request. JS: ExecutionContext."""

    __slots__ = ()

    def __init__(self, ctx: _js.ExecutionContext) -> None:
        self._js = raw(ctx)

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

    @property
    def tracing(self) -> Tracing:
        """Spans of your own in the Worker's traces. JS: ExecutionContext.tracing."""
        from .tracing import Tracing

        return Tracing(self._js.tracing)

    @property
    def exports(self) -> Exports:
        """The Worker's own entrypoints, to be called like a service: ``ctx.exports.Admin``.

        JS: ExecutionContext.exports.
        """
        from .services import Exports

        return Exports(prop(self._js, "exports"))

    @property
    def access(self) -> CloudflareAccessContext | None:
        """The Access application that the request came through; None if it did not come through
        one. JS: ExecutionContext.access."""
        from .access import CloudflareAccessContext

        found = prop(self._js, "access")
        return None if raw(found) is None else CloudflareAccessContext(found)

    @property
    def cache(self) -> CacheContext | None:
        """The cache in front of the Worker; None if none is configured. JS:
        ExecutionContext.cache."""
        from .cache_context import CacheContext

        found = prop(self._js, "cache")
        return None if raw(found) is None else CacheContext(found)


Handler = Callable[..., Awaitable[Any]]


class ExportProxy:
    """What the runtime gets of an instance: handlers and methods, called with JavaScript's values.

    The public methods of its class are there, under their own names, and its handlers under
    JavaScript's, whichever way the class writes them (``web_socket_message``).
    """

    __slots__ = ("_instance",)

    def __init__(self, instance: Any) -> None:
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        handlers: dict[str, tuple[str, Handler]] = self._instance._handlers
        # before compatibility date 2025-08-14 the runtime calls fetch on_fetch
        ours, call = handlers.get(name.removeprefix("on_"), (name, _over_rpc))
        kind = cast("type[Any]", type(self._instance))
        for each in (ours, name, f"{name}_" if iskeyword(name) else name):
            if not each.startswith("_") and callable(getattr(kind, each, None)):
                return partial(call, getattr(self._instance, each))
        raise AttributeError(f"{kind.__name__} has no method {name}")


class _OutOfSight:
    """``with``: the function that it is in is left out of an exception's traceback, so that what is
    logged starts in the program's own code."""

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and trace is not None and trace.tb_next is not None:
            error.__traceback__ = trace.tb_next


hide_from_traceback: _OutOfSight = _OutOfSight()


def _over_rpc(method: Callable[..., Any], *args: Any) -> Any:
    return answered(_called(method, args), method)


async def _called(method: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    given = [from_rpc(arg) for arg in args]
    with hide_from_traceback:
        result = method(*given)
        return await result if isawaitable(result) else result


class Base:
    """Stands in a class statement for a base that is made there and then."""

    def __init__(self, name: str, make: Callable[[Any], type], env: Any = None) -> None:
        self._name = name
        self._make = make
        self._env = env

    def __getitem__(self, env: Any) -> Base:
        if isinstance(env, str):
            env = _EnvByName(env, sys._getframe(1).f_globals)
        return Base(self._name, self._make, None if env is Any else env)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._make(self._env),)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"subclass {self._name}; the runtime makes its instances")


class _EnvByName:
    """The Env of ``DurableObject["AppEnv"]``, where that is made after the class: it is looked up
    when it is needed."""

    def __init__(self, name: str, scope: dict[str, Any]) -> None:
        self._name = name
        self._scope = scope

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        first, *rest = self._name.split(".")
        if first not in self._scope:
            raise NameError(
                f"{owner.__name__}: {self._scope.get('__name__')} has no {first} at run time; "
                f"import it outside TYPE_CHECKING, and {owner.__name__} inside it where the Env "
                "is, whose annotations need its name alone"
            )
        return reduce(getattr, rest, self._scope[first])


def base(
    name: str, context: Callable[[Any], Any], handlers: dict[str, tuple[str, Handler]]
) -> Base:
    """A base for the runtime's class of that name.

    ``context`` wraps the ``ctx`` of an instance. ``handlers``: JavaScript's name of each, ours, and
    the function that the door calls with the handler and with what the runtime gave.
    """

    def make(env_type: Any) -> type:
        class Exported(platform.official_base(name)):  # type: ignore[misc]
            _env_type: ClassVar[Any] = env_type
            _handlers: ClassVar[dict[str, tuple[str, Handler]]] = handlers

            def __new__(cls, ctx: Any, env: Any) -> Any:
                instance: Any = object.__new__(cls)
                instance.ctx = context(ctx)
                kind = cls._env_type
                instance.env = env if kind is None else kind(env)
                instance.__init__(instance.ctx, instance.env)
                return ExportProxy(instance)

            def __init__(self, ctx: Any, env: Any) -> None:
                """The runtime's own would wrap both once more; ``__new__`` has set them."""

            def __init_subclass__(cls, **kwargs: Any) -> None:
                # Not the runtime's own, which puts wrappers around handlers. It looks for
                # JavaScript's names among the functions of the class.
                for theirs, (ours, _) in handlers.items():
                    if not hasattr(cls, theirs) and hasattr(cls, ours):
                        setattr(cls, theirs, getattr(cls, ours))

        Exported.__name__ = Exported.__qualname__ = name
        return Exported

    return Base(name, make)


async def fetch_handler(handler: Handler, request: Any, *_: Any) -> Response:
    """``fetch`` as the runtime calls it."""
    if not isinstance(request, Request):
        request = Request.from_js(request)
    with hide_from_traceback:
        given = handler(request)
        response = await given if isawaitable(given) else given
    kind = cast("type[Any]", type(response))
    if issubclass(kind, _NO_RESPONSE):
        name = getattr(handler, "__qualname__", "fetch")
        raise WorkersError(f"{name} returned a {kind.__name__}, not a Response")
    answered: Response = response
    return answered


_NO_RESPONSE = (type(None), str, bytes, int, float, dict, list, tuple, CoroutineType)


def _payload(make: Callable[[Any, Any], Any]) -> Handler:
    """A handler that gets one thing, and not the env and ctx after it: what ``make`` makes, of the
    handler and of what the runtime gives."""

    async def call(handler: Handler, given: Any, *_: Any) -> None:
        ours = make(handler, given)
        with hide_from_traceback:
            result: Any = handler(ours)
            if isawaitable(result):
                await result

    return call


# Only a Worker with such a handler pays for these imports.


def _batch(handler: Any, given: Any) -> Any:
    from .queues import MessageBatch

    return MessageBatch(given, row_type(getattr(handler, "__func__", handler), MessageBatch))


def _controller(handler: Any, given: Any) -> Any:
    from .scheduled import ScheduledController

    return ScheduledController(given)


def _email(handler: Any, given: Any) -> Any:
    from .email import ForwardableEmailMessage

    return ForwardableEmailMessage(given)


def _socket(handler: Any, given: Any) -> Any:
    from .tcp import Socket

    return Socket(given)


def _traces(handler: Any, given: Any) -> Any:
    from .tail import TraceItem

    return [TraceItem(item) for item in given]


async def _tail_stream(handler: Handler, given: Any, *_: Any) -> Any:
    from ._tail_stream_events import event_of, rest_for

    onset = event_of(from_rpc(given))
    with hide_from_traceback:
        made: Any = handler(onset)
        wanted = await made if isawaitable(made) else made
    return returned(rest_for(wanted))


def _as_given(handler: Any, given: Any) -> Any:
    return given


connect_handler: Handler = _payload(_socket)

HANDLERS: dict[str, tuple[str, Handler]] = {
    "fetch": ("fetch", fetch_handler),
    "connect": ("connect", connect_handler),
    "queue": ("queue", _payload(_batch)),
    "scheduled": ("scheduled", _payload(_controller)),
    "email": ("email", _payload(_email)),
    "tail": ("tail", _payload(_traces)),
    "trace": ("trace", _payload(_traces)),
    "tailStream": ("tail_stream", _tail_stream),
    "test": ("test", _payload(_as_given)),
}
"""The handlers of a ``WorkerEntrypoint``."""


@cache
def row_type(handler: Any, batch: Any) -> Any:
    """``Job`` of ``MessageBatch[Job]`` in a handler's annotations, which is known when it is called
    first; None where there is none, or where it names what only type checkers import."""
    try:
        hints = get_type_hints(handler).values()
    except (AttributeError, NameError, TypeError):
        return None
    return next((get_args(hint)[0] for hint in hints if get_origin(hint) is batch), None)


if TYPE_CHECKING:

    class WorkerEntrypoint(Generic[EnvT]):
        """A Worker, or a named entrypoint of one; make ``Default`` a subclass of it.

        ``self.env`` is of the type in brackets, ``WorkerEntrypoint["AppEnv"]`` where that is made
        later in the module; without one it is what the runtime gives.

        JS: cloudflare:workers.WorkerEntrypoint.
        """

        env: EnvT
        ctx: ExecutionContext

        def __init__(self, ctx: Any, env: Any) -> None: ...

        async def fetch(self, request: Request) -> Response:
            """Answer an HTTP request."""
            ...

        async def connect(self, socket: Socket) -> None:
            """Take a TCP connection, which another Worker's ``env.THIS.connect(address)`` makes,
            where ``THIS: Service`` is declared without a class; ``await socket.opened`` has that
            address as ``local_address``. The connection ends with this method, and this method
            where the other side closes its socket."""
            ...

        async def queue(self, batch: MessageBatch[Any]) -> None:
            """Take messages; ``MessageBatch[Job]`` says what their bodies are."""
            ...

        async def scheduled(self, controller: ScheduledController) -> None:
            """A cron trigger is due."""
            ...

        async def email(self, message: ForwardableEmailMessage) -> None:
            """An email came in."""
            ...

        async def tail(self, events: list[TraceItem]) -> None:
            """See what became of the Workers that have this one among their ``tail_consumers``."""
            ...

        async def trace(self, traces: list[TraceItem]) -> None:
            """The older name of ``tail``, called where there is no ``tail``."""
            ...

        async def tail_stream(self, onset: TailEvent[Onset]) -> TailEventHandlerType | None:
            """An invocation begins, of a Worker that has this one among its
            ``streaming_tail_consumers``; what gets its further events, or None."""
            ...

        async def test(self, controller: Any) -> None:
            """What ``workerd test`` runs. Nothing else calls it."""
            ...

else:
    WorkerEntrypoint = base("WorkerEntrypoint", ExecutionContext, HANDLERS)
