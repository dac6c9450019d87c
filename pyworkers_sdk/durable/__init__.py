"""Durable Objects: the ``DurableObject`` base, and the namespaces that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    cast,
    get_args,
)

from .._border import (
    JsException,
    JsWrapper,
    binding,
    bytes_of,
    from_js,
    prop,
    raising,
    raw,
    text,
    to_js,
)
from .._times import from_ms
from ..entrypoints import Handler, base, connect_handler, fetch_handler
from ..errors import ConversionError, DurableObjectError, WorkersError, from_js_error
from ..services import Fetcher
from ..websockets import WebSocket
from .state import AlarmInvocationInfo, DurableObjectId, DurableObjectState

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from .. import _js
    from ..http import Request, Response
    from ..tcp import Socket

    EnvT = TypeVarWithDefault("EnvT", default=Any)
    ObjectT = TypeVarWithDefault("ObjectT", default="DurableObjectStub")
else:
    ObjectT = TypeVar("ObjectT")

__all__ = [
    "DurableObject",
    "DurableObjectNamespace",
    "DurableObjectRetryOptions",
    "DurableObjectStub",
]

_raising = raising(DurableObjectError)

T = TypeVar("T")

Jurisdiction: TypeAlias = Literal["eu", "fedramp", "fedramp-high", "us"]
LocationHint: TypeAlias = Literal[
    "wnam",
    "enam",
    "sam",
    "weur",
    "eeur",
    "apac",
    "apac-ne",
    "apac-se",
    "oc",
    "afr",
    "me",
]


class DurableObjectRetryOptions(TypedDict, total=False):
    """How a stub tries again by itself what could not be delivered: how often, and for how many
    milliseconds. JS: DurableObjectRetryOptions."""

    max_retries: int
    timeout_ms: int


class DurableObjectStub(Fetcher):
    """One object, from outside: ``fetch`` is HTTP, and any other method is RPC.

    Calls arrive in the order in which they were made. What goes wrong is a DurableObjectError:
    after one that is not ``retryable`` ask the namespace for a new stub.

    JS: DurableObjectStub.
    """

    __slots__ = ()

    _error = DurableObjectError
    _fetch_error = DurableObjectError

    @property
    def id(self) -> DurableObjectId:
        """JS: DurableObjectStub.id."""
        return DurableObjectId(prop(self._js, "id"))

    @property
    def name(self) -> str | None:
        """The name that its id was made from, if it was. JS: DurableObjectStub.name."""
        name: str | None = from_js(prop(self._js, "name"))
        return name


class DurableObjectNamespace(JsWrapper["_js.DurableObjectNamespace"], Generic[ObjectT]):
    """All objects of one class: ``ROOMS: DurableObjectNamespace["ChatRoom"]``.

    For type checkers ``get`` then gives a ``ChatRoom``, whose ``async`` methods can be called; at
    run time, and without brackets, it is a ``DurableObjectStub``, which takes keyword arguments
    where the class is known.

    JS: DurableObjectNamespace.
    """

    __slots__ = ("_kind",)

    def __init__(self, namespace: _js.DurableObjectNamespace) -> None:
        self._js = binding(namespace, "DurableObjectNamespace", "idFromName")
        self._kind: Any = None  # the class of the objects, where that is known

    def _is_of(self, alias: Any) -> None:
        self._kind = get_args(alias)[0]

    __orig_class__: property = property(fset=_is_of)  # where typing says what is in the brackets

    def id_from_name(self, name: str) -> DurableObjectId:
        """The id that a name always gives. JS: DurableObjectNamespace.idFromName."""
        with _raising:
            return DurableObjectId(self._js.idFromName(text(name, "name")))

    def id_from_string(self, id: str) -> DurableObjectId:
        """The id whose ``str`` this is; DurableObjectError if it is none of this namespace.

        JS: DurableObjectNamespace.idFromString.
        """
        with _raising:
            return DurableObjectId(self._js.idFromString(text(id, "id")))

    def new_unique_id(self, *, jurisdiction: Jurisdiction | None = None) -> DurableObjectId:
        """An id that no other object has. Keep it: it cannot be found again.

        JS: DurableObjectNamespace.newUniqueId.
        """
        with _raising:
            return DurableObjectId(self._js.newUniqueId(jurisdiction=jurisdiction))

    def get(
        self,
        id: DurableObjectId,
        *,
        location_hint: LocationHint | None = None,
        routing_mode: Literal["primary-only"] | None = None,
        retry: DurableObjectRetryOptions | None = None,
    ) -> ObjectT:
        """A stub of the object, which is made when it is first called.

        ``location_hint``: near which region it is to be made, if this is the first time.

        JS: DurableObjectNamespace.get.
        """
        again = _retry(retry)
        if isinstance(id, str):
            raise ConversionError(
                "id: expected a DurableObjectId, got str; get_by_name takes a name, and "
                "id_from_string makes an id of its text"
            )
        with _raising:
            stub = self._js.get(
                raw(id), locationHint=location_hint, routingMode=routing_mode, retry=again
            )
            return self._known(stub)

    def get_by_name(
        self,
        name: str,
        *,
        location_hint: LocationHint | None = None,
        routing_mode: Literal["primary-only"] | None = None,
        retry: DurableObjectRetryOptions | None = None,
    ) -> ObjectT:
        """The same as ``get(id_from_name(name))``. JS: DurableObjectNamespace.getByName."""
        again = _retry(retry)
        with _raising:
            stub = self._js.getByName(
                text(name, "name"),
                locationHint=location_hint,
                routingMode=routing_mode,
                retry=again,
            )
            return self._known(stub)

    def _known(self, stub: Any) -> ObjectT:
        made = DurableObjectStub(stub)
        made._kind = self._kind
        return cast("ObjectT", made)

    def jurisdiction(self, jurisdiction: Jurisdiction) -> Self:
        """The objects of this class that stay in a jurisdiction; their ids are others.

        JS: DurableObjectNamespace.jurisdiction.
        """
        with _raising:
            made = type(self)(self._js.jurisdiction(text(jurisdiction, "jurisdiction")))
            made._kind = self._kind
            return made


def _retry(retry: DurableObjectRetryOptions | None) -> Any:
    if retry is None:
        return None
    if unknown := sorted(set(retry) - set(_RETRY)):
        raise TypeError(f"retry: there is no option {unknown[0]}")
    return to_js({_RETRY[name]: value for name, value in retry.items()}, "retry")


_RETRY = {"max_retries": "maxRetries", "timeout_ms": "timeoutMs"}


async def _alarm(handler: Handler, info: Any = None, *_: Any) -> None:
    code = getattr(getattr(handler, "__func__", handler), "__code__", None)
    if code is not None and code.co_argcount < 2 and not code.co_flags & _VARARGS:
        await handler()  # as in JavaScript, it may leave out what it does not use
        return
    when = from_js(prop(info, "scheduledTime"))
    if type(when) in (int, float):
        when = from_ms(when)
    await handler(
        AlarmInvocationInfo(
            bool(prop(info, "isRetry")),
            int(prop(info, "retryCount") or 0),
            when,
        )
    )


_VARARGS = 4  # inspect.CO_VARARGS


async def _message(handler: Handler, socket: Any, message: Any, *_: Any) -> None:
    data = message if isinstance(message, str) else bytes_of(message)
    await handler(WebSocket.from_js(socket), data)


async def _close(
    handler: Handler, socket: Any, code: int, reason: str, clean: bool, *_: Any
) -> None:
    await handler(WebSocket.from_js(socket), int(code), reason, bool(clean))


async def _error(handler: Handler, socket: Any, error: Any, *_: Any) -> None:
    if isinstance(error, JsException) or hasattr(error, "message"):
        error = from_js_error(WorkersError, error)
    await handler(WebSocket.from_js(socket), error)


HANDLERS: Mapping[str, tuple[str, Handler]] = {
    "fetch": ("fetch", fetch_handler),
    "connect": ("connect", connect_handler),
    "alarm": ("alarm", _alarm),
    "webSocketMessage": ("web_socket_message", _message),
    "webSocketClose": ("web_socket_close", _close),
    "webSocketError": ("web_socket_error", _error),
}


if TYPE_CHECKING:

    class DurableObject(Generic[EnvT]):
        """One of many objects of a class, each with its own storage, and only once in the world.

        ::

            class Counter(DurableObject[AppEnv]):
                async def increment(self, by: int = 1) -> int:      # RPC: await stub.increment(2)
                    count = await self.ctx.storage.get("count", int) or 0
                    await self.ctx.storage.put("count", count + by)
                    return count + by

        Its handlers are ``fetch``, ``connect``, ``alarm`` (with an AlarmInvocationInfo, if it takes
        one), and those of WebSockets; every other public method is RPC, and should be ``async``.
        An Env that is made after the class is said by its name, ``DurableObject["AppEnv"]``.
        While storage is at work no other event reaches the object; while anything else is awaited,
        one may.

        JS: cloudflare:workers.DurableObject.
        """

        env: EnvT
        ctx: DurableObjectState

        def __init__(self, ctx: DurableObjectState, env: Any) -> None: ...

        async def fetch(self, request: Request, /) -> Response:
            """Answer an HTTP request."""
            ...

        async def connect(self, socket: Socket, /) -> None:
            """Take a TCP connection, made by ``stub.connect(address)``. It ends with this."""
            ...

        async def web_socket_message(self, ws: WebSocket, message: str | bytes, /) -> None:
            """A message came in on a WebSocket that ``ctx.accept_web_socket`` took."""
            ...

        async def web_socket_close(
            self, ws: WebSocket, code: int, reason: str, was_clean: bool, /
        ) -> None:
            """Such a WebSocket's other end has closed it. Close it too: ``ws.close(code)``."""
            ...

        async def web_socket_error(self, ws: WebSocket, error: WorkersError, /) -> None:
            """The connection of such a WebSocket broke."""
            ...

else:
    DurableObject = base("DurableObject", DurableObjectState, HANDLERS, __name__)
