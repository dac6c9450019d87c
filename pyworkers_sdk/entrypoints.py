"""The classes that the runtime calls: ``WorkerEntrypoint``, and the base of its relatives.

The runtime exports every class in the main module's namespace that subclasses its own
``WorkerEntrypoint``, ``DurableObject`` or ``WorkflowEntrypoint``. An imported base class would be
exported, too. At run time these names are therefore objects that a ``class`` statement turns into a
new base (``__mro_entries__``). Type checkers see ordinary generic classes.

The runtime holds the ``ExportProxy`` of an instance. Each call from outside arrives there with
JavaScript values and is converted there once. ``self.method()`` inside the program is a plain call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, cached_property, partial, reduce
from inspect import Parameter, currentframe, isawaitable, signature
from keyword import iskeyword
from types import CoroutineType, FunctionType, TracebackType
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
from ._signatures import signature_of
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

__all__ = ["ExecutionContext", "WorkerEntrypoint"]

T = TypeVar("T")


class ExecutionContext(JsWrapper["_js.ExecutionContext"]):
    """The context of one event: background work, the caller's props, the Worker's own exports.

    JS: ExecutionContext.
    """

    __slots__ = ()

    def __init__(self, ctx: _js.ExecutionContext) -> None:
        self._js = raw(ctx)

    def wait_until(self, work: Awaitable[Any]) -> None:
        """Let ``work`` continue after the response was sent, for at most 30 s.

        Args:
            work: A coroutine, task or future. Its result is discarded.

        JS: ExecutionContext.waitUntil.
        """
        self._js.waitUntil(promise(work))

    def pass_through_on_exception(self) -> None:
        """Forward the request to the origin server if the handler raises.

        JS: ExecutionContext.passThroughOnException.
        """
        self._js.passThroughOnException()

    @property
    def props(self) -> Any:
        """The JSON data that the configuration of the calling binding passes (``props``).

        JS: ExecutionContext.props.
        """
        return from_js(prop(self._js, "props"))

    @property
    def tracing(self) -> Tracing:
        """Custom spans in the Worker's traces.

        JS: ExecutionContext.tracing.
        """
        from .tracing import Tracing

        return Tracing(self._js.tracing)

    @property
    def exports(self) -> Exports:
        """The Worker's own entrypoints, called like a service binding: ``ctx.exports.Admin``.

        JS: ExecutionContext.exports.
        """
        from .services import Exports

        return Exports(prop(self._js, "exports"))

    @property
    def access(self) -> CloudflareAccessContext | None:
        """The Cloudflare Access application in front of the Worker, or None.

        JS: ExecutionContext.access.
        """
        from .access import CloudflareAccessContext

        access = prop(self._js, "access")
        return None if raw(access) is None else CloudflareAccessContext(access)

    @property
    def cache(self) -> CacheContext | None:
        """The cache in front of the Worker, or None if it is not configured.

        JS: ExecutionContext.cache.
        """
        from .cache_context import CacheContext

        cache = prop(self._js, "cache")
        return None if raw(cache) is None else CacheContext(cache)


Handler = Callable[..., Awaitable[Any]]

Handlers = Mapping[str, tuple[str, Handler, int]]
"""By JavaScript's name: Python's name, the function that calls the handler, and the number of
arguments that the runtime's event has. ``env`` and ``ctx`` are not counted."""


class ExportProxy:
    """The object that the runtime holds for an instance; JavaScript calls its methods.

    It has the public methods of the class under their own names, and the handlers under
    JavaScript's names, whichever way the class spells them (``web_socket_message``).
    """

    __slots__ = ("_handlers", "_instance")

    def __init__(self, instance: Any, handlers: Handlers) -> None:
        self._instance = instance
        self._handlers = handlers

    def __getattr__(self, name: str) -> Any:
        # Before compatibility date 2025-08-14 the runtime calls the handler on_fetch.
        python_name, call, _ = self._handlers.get(name.removeprefix("on_"), (name, _over_rpc, 0))
        cls = cast("type[Any]", type(self._instance))
        for attribute in (python_name, name, f"{name}_" if iskeyword(name) else name):
            if attribute.startswith("_"):
                continue
            member = getattr(cls, attribute, None)
            if callable(member):
                return partial(call, getattr(self._instance, attribute))
            if isinstance(member, (property, cached_property)):
                return partial(_over_rpc, partial(getattr, self._instance, attribute))
        raise AttributeError(f"{cls.__name__} has no method {name}")


class _HideFromTraceback:
    """Leave the calling function out of an exception's traceback (``with hide_from_traceback:``).

    A logged traceback then starts in the program's own code.
    """

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None and trace is not None and trace.tb_next is not None:
            error.__traceback__ = trace.tb_next


hide_from_traceback: _HideFromTraceback = _HideFromTraceback()


def _over_rpc(method: Callable[..., Any], *args: Any) -> Any:
    return answered(_called(method, args), method)


async def _called(method: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    values = [from_rpc(arg) for arg in args]
    signature = signature_of(method)
    options: dict[str, Any] = {}
    if signature is not None:
        values, options = signature.arrived(values)
    with hide_from_traceback:
        result = method(*values, **options)
        return await result if isawaitable(result) else result


class Base:
    __doc__ = property(lambda self: self._documentation())  # pyright: ignore[reportAssignmentType]

    # Stands in a class statement for a base that is made there and then.
    def __init__(
        self, name: str, make: Callable[[Any], type], module: str, env_type: Any = None
    ) -> None:
        self._name = name
        self._make = make
        self._module = module
        self._env_type = env_type

    def __getitem__(self, env_type: Any) -> Base:
        if isinstance(env_type, str):
            frame = currentframe()
            assert frame is not None
            assert frame.f_back is not None
            env_type = _EnvByName(env_type, frame.f_back.f_globals)
        return Base(self._name, self._make, self._module, None if env_type is Any else env_type)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._make(self._env_type),)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"subclass {self._name}; the runtime makes its instances")

    def _documentation(self) -> str | None:
        from ._entrypoint_help import documentation  # only help() needs it

        return documentation(self._module, self._name)


class _EnvByName:
    """The Env of ``DurableObject["AppEnv"]``, looked up by name when it is first needed.

    The Env class may be defined after the class that names it.
    """

    def __init__(self, name: str, scope: dict[str, Any]) -> None:
        self._name = name
        self._scope = scope

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        first, *rest = self._name.split(".")
        if first not in self._scope:
            raise NameError(
                f"{owner.__name__}: {self._scope.get('__name__')} has no {first} at run time; "
                f'import {first} outside "if TYPE_CHECKING". If that makes a circular import, '
                f"import {owner.__name__} under TYPE_CHECKING in the module that defines {first}: "
                "annotations need only the name"
            )
        return reduce(getattr, rest, self._scope[first])


class Called:
    """A handler whose parameters are not exactly the event's arguments.

    It may have fewer, as a JavaScript function may, or ``env`` and ``ctx`` after them, as handlers
    for the official SDK have.
    """

    __func__: Any
    """The function behind the handler. Bound methods have this attribute, too."""

    def __init__(self, handler: Callable[..., Any], rest: tuple[Any, ...], count: int) -> None:
        self.__func__ = getattr(handler, "__func__", handler)
        self.__qualname__ = handler.__qualname__
        self._handler = handler
        self._rest = rest
        self._count = count

    def __call__(self, *event: Any) -> Any:
        with hide_from_traceback:
            return self._handler(*(*event, *self._rest)[: self._count])


def _adapted(handlers: Handlers, cls: type[Any]) -> Handlers:
    """Return the handlers for a class, adapted to the parameters of its functions.

    Signatures are read here, once for a class: a call of a usual handler pays nothing.
    """
    adapted: dict[str, tuple[str, Handler, int]] = {}
    for js_name, (python_name, call, count) in handlers.items():
        function = getattr(cls, python_name, None) or getattr(cls, js_name, None)
        if isinstance(function, FunctionType):
            names = _positional(function, count + 1)[1:]  # without self
            if len(names) != count:
                adapted[js_name] = (python_name, _with_context(call, names, count), count)
    return {**handlers, **adapted} if adapted else handlers


def _with_context(call: Handler, names: list[str], count: int) -> Handler:
    extra = zip(names[count:], ("env", "ctx"))
    attributes = [_CONTEXT.get(name.strip("_"), by_place) for name, by_place in extra]

    def adapted(handler: Any, *event: Any) -> Any:
        instance = handler.__self__
        values = tuple([getattr(instance, name) for name in attributes])
        return call(Called(handler, values, len(names)), *event)

    return adapted


def _positional(function: FunctionType, count: int) -> list[str]:
    """Return the names of a handler's parameters that get an argument by position.

    Parameters after the first ``count`` are for ``env`` and ``ctx``. A parameter that has a default
    and another name is the program's own.

    Raises:
        TypeError: The handler has more parameters than these.
    """
    own = signature(function, follow_wrapped=False).parameters.values()
    by_position = [each for each in own if each.kind in _BY_POSITION]
    names = [each.name for each in by_position[:count]]
    for each in by_position[count:]:
        if each.default is not Parameter.empty and each.name.strip("_") not in _CONTEXT:
            break
        names.append(each.name)
    if len(names) > count + 2:
        raise TypeError(
            f"{function.__qualname__}(): expected at most the parameters "
            f"({', '.join([*names[:count], 'env', 'ctx'])}), got {', '.join(names)}"
        )
    if any(each.kind is Parameter.VAR_POSITIONAL for each in own):
        wrapped: Any = getattr(function, "__wrapped__", None)  # a decorator passes all arguments on
        inner = _positional(wrapped, count) if isinstance(wrapped, FunctionType) else names
        handed_on = [name for name in inner[count:] if name.strip("_") in _CONTEXT]
        same = inner[:count] if inner is not names else [*names, *["*"] * count][:count]
        names += [*same, *handed_on][len(names) :]
    return names


def _check_names(cls: type[Any], handlers: Handlers) -> None:
    """Refuse a public method whose name is a misspelt handler: the runtime would never call it."""
    names = [name for name, value in vars(cls).items() if isinstance(value, FunctionType)]
    known = {*handlers, *[python_name for python_name, *_ in handlers.values()]}
    if methods := [name for name in names if name not in known and not name.startswith("_")]:
        from ._spelling import check_handlers  # only for classes with other methods

        check_handlers(cls, methods, [python_name for python_name, *_ in handlers.values()])


_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_CONTEXT = {"env": "env", "environment": "env", "ctx": "ctx", "context": "ctx"}


def base(
    name: str,
    context: Callable[[Any], Any],
    handlers: Handlers,
    module: str,
) -> Base:
    """Return a base for subclasses of the runtime's class ``name``.

    Args:
        name: The class of ``cloudflare:workers``.
        context: Wraps the ``ctx`` of an instance.
        handlers: The handlers, and the functions that the ExportProxy calls with the bound handler
            and the runtime's arguments.
        module: The module that declares the class for type checkers; ``help()`` reads it there.
    """

    def make(env_type: Any) -> type:
        class Exported(platform.official_base(name)):  # type: ignore[misc]
            _env_type: ClassVar[Any] = env_type
            _handlers: ClassVar[Handlers] = handlers

            def __new__(cls, ctx: Any, env: Any) -> Any:
                instance: Any = object.__new__(cls)
                instance.ctx = context(ctx)
                env_class = cls._env_type
                instance.env = env if env_class is None else env_class(env)
                instance.__init__(instance.ctx, instance.env)
                return ExportProxy(instance, cls._handlers)

            def __init__(self, ctx: Any, env: Any) -> None:
                """Do nothing: ``__new__`` has set both, and the runtime's base would wrap them."""

            def __init_subclass__(cls, **kwargs: Any) -> None:
                # The runtime's own would put wrappers around handlers, so it is not called. The
                # runtime looks for JavaScript's names among the functions of the class.
                for js_name, (python_name, _, _) in handlers.items():
                    if not hasattr(cls, js_name) and hasattr(cls, python_name):
                        setattr(cls, js_name, getattr(cls, python_name))
                cls._handlers = _adapted(handlers, cls)
                _check_names(cls, handlers)

        Exported.__name__ = Exported.__qualname__ = name
        return Exported

    return Base(name, make, module)


async def fetch_handler(handler: Handler, request: Any, *_: Any) -> Response:
    """Call the handler ``fetch`` with a Request, and check that it returns a Response."""
    if not isinstance(request, Request):
        request = Request.from_js(request)
    with hide_from_traceback:
        response = handler(request)
        response = await response if isawaitable(response) else response
    if type(response) is not Response and _is_no_response(response):
        raise _not_a_response(getattr(handler, "__qualname__", "fetch"), response)
    return response  # type: ignore[no-any-return]


def _not_a_response(name: str, value: Any) -> WorkersError:
    from ._border.hints import hint_for  # only errors need it

    value_type = cast("type[Any]", type(value))
    is_json = issubclass(value_type, (dict, list))
    hint = hint_for(value, "", "use Response.json(…)" if is_json else "return Response(…)")
    return WorkersError(f"{name} returned a {value_type.__name__}, not a Response; {hint}")


def _is_no_response(value: Any) -> bool:
    value_type = cast("type[Any]", type(value))
    # A response may be of another SDK, or the runtime's own.
    return issubclass(value_type, _NO_RESPONSE) or not hasattr(raw(value), "status")


_NO_RESPONSE = (type(None), str, bytes, int, float, dict, list, tuple, type, CoroutineType)


def _payload(make: Callable[[Any, Any], Any]) -> Handler:
    """Return a function that calls a handler with one payload, without ``env`` and ``ctx``.

    ``make`` makes the payload from the handler and from the JavaScript value.
    """

    async def call(handler: Handler, js_payload: Any, *_: Any) -> None:
        payload = make(handler, js_payload)
        with hide_from_traceback:
            result: Any = handler(payload)
            if isawaitable(result):
                await result

    return call


# The imports are inside, so only a Worker with such a handler pays for them. scripts/upload-size
# knows these functions by their names.


def _on_queue(handler: Any, js_payload: Any) -> Any:
    from .queues import MessageBatch

    return MessageBatch(js_payload, row_type(getattr(handler, "__func__", handler), MessageBatch))


def _on_scheduled(handler: Any, js_payload: Any) -> Any:
    from .scheduled import ScheduledController

    return ScheduledController(js_payload)


def _on_email(handler: Any, js_payload: Any) -> Any:
    from .email import ForwardableEmailMessage

    return ForwardableEmailMessage(js_payload)


def _on_connect(handler: Any, js_payload: Any) -> Any:
    from .tcp import Socket

    return Socket(js_payload)


def _on_tail(handler: Any, js_payload: Any) -> Any:
    from .tail import TraceItem

    return [TraceItem(item) for item in js_payload]


async def _on_tail_stream(handler: Handler, js_event: Any, *_: Any) -> Any:
    from ._tail_stream_events import event_of, rest_for

    onset = event_of(from_rpc(js_event))
    with hide_from_traceback:
        result: Any = handler(onset)
        event_handler = await result if isawaitable(result) else result
    return returned(rest_for(event_handler))


def _unchanged(handler: Any, js_payload: Any) -> Any:
    return js_payload


connect_handler: Handler = _payload(_on_connect)

HANDLERS: Handlers = {
    "fetch": ("fetch", fetch_handler, 1),
    "connect": ("connect", connect_handler, 1),
    "queue": ("queue", _payload(_on_queue), 1),
    "scheduled": ("scheduled", _payload(_on_scheduled), 1),
    "email": ("email", _payload(_on_email), 1),
    "tail": ("tail", _payload(_on_tail), 1),
    "trace": ("trace", _payload(_on_tail), 1),
    "tailStream": ("tail_stream", _on_tail_stream, 1),
    "test": ("test", _payload(_unchanged), 1),
}
"""The handlers of a ``WorkerEntrypoint``."""


@cache
def row_type(handler: Any, batch: Any) -> Any:
    """Return ``Job`` of ``MessageBatch[Job]`` in a handler's annotations, or None.

    Annotations are read at the first call. None stands for an annotation without a type, or with a
    name that only type checkers import.
    """
    try:
        hints = get_type_hints(handler).values()
    except (AttributeError, NameError, TypeError):
        return None
    return next((get_args(hint)[0] for hint in hints if get_origin(hint) is batch), None)


if TYPE_CHECKING:

    class WorkerEntrypoint(Generic[EnvT]):
        """A Worker, or a named entrypoint of it. The main one is a subclass named ``Default``.

        ``self.env`` has the type in brackets. If the Env class is defined later in the module, name
        it in quotes: ``WorkerEntrypoint["AppEnv"]``. Without brackets ``self.env`` is the runtime's
        own object.

        Handlers are async methods with the names below. They may also take ``env`` and ``ctx``, as
        in ``fetch(self, request, env, ctx)``: the same objects as ``self.env`` and ``self.ctx``.
        Every other public method can be called by other Workers over RPC.

        JS: cloudflare:workers.WorkerEntrypoint.
        """

        env: EnvT
        ctx: ExecutionContext

        def __init__(self, ctx: Any, env: Any) -> None: ...

        # To type checkers "*env_and_ctx: Any, **_: Any" means any further parameters, also none: so
        # a handler that overrides one of these may declare env and ctx.

        async def fetch(self, request: Request, /, *env_and_ctx: Any, **_: Any) -> Response:
            """Answer an HTTP request.

            JS: WorkerEntrypoint.fetch.
            """
            ...

        async def connect(self, socket: Socket, /, *env_and_ctx: Any, **_: Any) -> None:
            """Handle a TCP connection that another Worker opened by ``env.THIS.connect(address)``.

            The other Worker declares ``THIS: Service`` without a class. ``await socket.opened`` has
            the address as ``local_address``. The connection ends when this method returns, and this
            method ends when the other side closes its socket.

            JS: WorkerEntrypoint.connect.
            """
            ...

        async def queue(self, batch: MessageBatch[Any], /, *env_and_ctx: Any, **_: Any) -> None:
            """Consume a batch of messages. ``MessageBatch[Job]`` declares the type of their bodies.

            JS: WorkerEntrypoint.queue.
            """
            ...

        async def scheduled(
            self, controller: ScheduledController, /, *env_and_ctx: Any, **_: Any
        ) -> None:
            """Run a cron trigger that is due.

            JS: WorkerEntrypoint.scheduled.
            """
            ...

        async def email(
            self, message: ForwardableEmailMessage, /, *env_and_ctx: Any, **_: Any
        ) -> None:
            """Handle an incoming email.

            JS: WorkerEntrypoint.email.
            """
            ...

        async def tail(self, events: list[TraceItem], /, *env_and_ctx: Any, **_: Any) -> None:
            """Inspect finished invocations of Workers whose ``tail_consumers`` name this Worker.

            JS: WorkerEntrypoint.tail.
            """
            ...

        async def trace(self, traces: list[TraceItem], /, *env_and_ctx: Any, **_: Any) -> None:
            """Do the same as ``tail`` under its older name. Called only without a ``tail`` method.

            JS: WorkerEntrypoint.trace.
            """
            ...

        async def tail_stream(
            self, onset: TailEvent[Onset], /, *env_and_ctx: Any, **_: Any
        ) -> TailEventHandlerType | None:
            """Follow an invocation that begins, of a Worker whose ``streaming_tail_consumers`` name
            this Worker.

            Returns:
                The handler of the invocation's further events, or None to ignore them.

            JS: WorkerEntrypoint.tailStream.
            """
            ...

        async def test(self, controller: Any, /, *env_and_ctx: Any, **_: Any) -> None:
            """Run a test of ``workerd test``. Nothing else calls this method.

            JS: WorkerEntrypoint.test.
            """
            ...

else:
    WorkerEntrypoint = base("WorkerEntrypoint", ExecutionContext, HANDLERS, __name__)
