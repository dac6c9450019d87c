"""Durable Objects: the base class ``DurableObject``, namespaces and stubs."""

from __future__ import annotations

from datetime import timedelta
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
    expected,
    from_js,
    prop,
    raising,
    raw,
    text,
    to_js,
)
from .._options import js_bag
from .._times import from_ms
from ..entrypoints import Handler, Handlers, base, connect_handler, fetch_handler
from ..errors import DurableObjectError, WorkersError, from_js_error
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
    """The retries of calls that could not be delivered to the object.

    JS: DurableObjectRetryOptions.
    """

    max_retries: int
    """The maximum number of retries."""
    timeout_ms: int | timedelta
    """The total time for retries, as a timedelta or in milliseconds."""


class DurableObjectStub(Fetcher):
    """A client of one Durable Object: ``fetch`` sends HTTP, and any other method is called by RPC.

    Calls arrive in the order in which they were made. A call that fails raises DurableObjectError.
    If the error is not ``retryable``, get a new stub from the namespace.

    JS: DurableObjectStub.
    """

    __slots__ = ()

    _error = DurableObjectError
    _fetch_error = DurableObjectError

    @property
    def id(self) -> DurableObjectId:
        """The id of the object. JS: DurableObjectStub.id."""
        return DurableObjectId(prop(self._js, "id"))

    @property
    def name(self) -> str | None:
        """The name from which the object's id was made; None for an id that has no name.

        JS: DurableObjectStub.name.
        """
        name: str | None = from_js(prop(self._js, "name"))
        return name


class DurableObjectNamespace(JsWrapper["_js.DurableObjectNamespace"], Generic[ObjectT]):
    """A namespace: the Durable Objects of one class, ``ROOMS: DurableObjectNamespace["ChatRoom"]``.

    For type checkers, ``get`` returns a ``ChatRoom``, whose ``async`` methods you call. At run
    time, and without a class in brackets, ``get`` returns a ``DurableObjectStub``. If the class is
    known at run time, its methods take keyword arguments, and their results have their annotated
    types.

    JS: DurableObjectNamespace.
    """

    __slots__ = ("_object_class",)

    def __init__(self, namespace: _js.DurableObjectNamespace) -> None:
        self._js = binding(namespace, "DurableObjectNamespace", "idFromName")
        self._object_class: Any = None  # None until _set_object_class, or if unknown

    def _set_object_class(self, alias: Any) -> None:
        self._object_class = get_args(alias)[0]

    # typing sets this attribute on an instance that DurableObjectNamespace[ChatRoom](…) made.
    __orig_class__: property = property(fset=_set_object_class)

    def id_from_name(self, name: str) -> DurableObjectId:
        """Return the id of a name; the same name always gives the same id.

        JS: DurableObjectNamespace.idFromName.
        """
        with _raising:
            return DurableObjectId(self._js.idFromName(text(name, "name")))

    def id_from_string(self, id: str) -> DurableObjectId:
        """Parse the text of an id, ``str(id)``. The id has no name.

        Raises:
            DurableObjectError: The text is not an id, or belongs to another namespace.

        JS: DurableObjectNamespace.idFromString.
        """
        with _raising:
            return DurableObjectId(self._js.idFromString(text(id, "id")))

    def new_unique_id(self, *, jurisdiction: Jurisdiction | None = None) -> DurableObjectId:
        """Return a new random id. Store it: no other call can return the same id.

        Args:
            jurisdiction: The jurisdiction that the object must stay in.

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
        """Return a stub of an object. The object is created by the first call.

        Args:
            id: The id of the object.
            location_hint: The region to create the object near to, used only for its first call.
            routing_mode: "primary-only" to reach only the primary, not a replica.
            retry: The retries of calls that could not be delivered.

        Raises:
            ConversionError: ``id`` is text, or ``retry`` has an unknown option.
            DurableObjectError: ``id`` is not an id.

        JS: DurableObjectNamespace.get.
        """
        retry_options = _retry_options(retry)
        if isinstance(id, str):
            hint = "get_by_name() takes a name, and id_from_string() parses the text of an id"
            raise expected("id", "a DurableObjectId", id, hint)
        with _raising:
            stub = self._js.get(
                raw(id), locationHint=location_hint, routingMode=routing_mode, retry=retry_options
            )
            return cast("ObjectT", _new_stub(stub, self._object_class))

    def get_by_name(
        self,
        name: str,
        *,
        location_hint: LocationHint | None = None,
        routing_mode: Literal["primary-only"] | None = None,
        retry: DurableObjectRetryOptions | None = None,
    ) -> ObjectT:
        """Return the stub of a name, like ``get(id_from_name(name))``.

        Args:
            name: The name of the object.
            location_hint: The region to create the object near to, used only for its first call.
            routing_mode: "primary-only" to reach only the primary, not a replica.
            retry: The retries of calls that could not be delivered.

        Raises:
            ConversionError: ``retry`` has an unknown option.

        JS: DurableObjectNamespace.getByName.
        """
        retry_options = _retry_options(retry)
        with _raising:
            stub = self._js.getByName(
                text(name, "name"),
                locationHint=location_hint,
                routingMode=routing_mode,
                retry=retry_options,
            )
            return cast("ObjectT", _new_stub(stub, self._object_class))

    def jurisdiction(self, jurisdiction: Jurisdiction) -> Self:
        """Return the namespace of the objects of this class that stay in a jurisdiction.

        Within a jurisdiction, the same name gives another id.

        JS: DurableObjectNamespace.jurisdiction.
        """
        with _raising:
            return self._with_class(
                self._js.jurisdiction(text(jurisdiction, "jurisdiction")), self._object_class
            )

    @classmethod
    def _with_class(cls, namespace: Any, object_class: Any) -> Self:
        self = cls(namespace)
        self._object_class = object_class
        return self


def _new_stub(stub: Any, object_class: Any) -> DurableObjectStub:
    self = DurableObjectStub(stub)
    self._kind = object_class  # for the types of its methods
    return self


def _retry_options(retry: DurableObjectRetryOptions | None) -> Any:
    if retry is None:
        return None
    return to_js(js_bag(retry, DurableObjectRetryOptions, "retry"), "retry")


# The handlers, called with JavaScript values by the runtime (see entrypoints.ExportProxy).


async def _call_alarm(handler: Handler, info: Any = None, *_: Any) -> None:
    scheduled_time = from_js(prop(info, "scheduledTime"))
    if type(scheduled_time) in (int, float):
        scheduled_time = from_ms(scheduled_time)
    await handler(
        AlarmInvocationInfo(
            bool(prop(info, "isRetry")),
            int(prop(info, "retryCount") or 0),
            scheduled_time,
        )
    )


async def _call_message(handler: Handler, socket: Any, message: Any, *_: Any) -> None:
    data = message if isinstance(message, str) else bytes_of(message)
    await handler(WebSocket.from_js(socket), data)


async def _call_close(
    handler: Handler, socket: Any, code: int, reason: str, clean: bool, *_: Any
) -> None:
    await handler(WebSocket.from_js(socket), int(code), reason, bool(clean))


async def _call_error(handler: Handler, socket: Any, error: Any, *_: Any) -> None:
    if isinstance(error, JsException) or hasattr(error, "message"):
        error = from_js_error(WorkersError, error)
    await handler(WebSocket.from_js(socket), error)


HANDLERS: Handlers = {
    "fetch": ("fetch", fetch_handler, 1),
    "connect": ("connect", connect_handler, 1),
    "alarm": ("alarm", _call_alarm, 1),
    "webSocketMessage": ("web_socket_message", _call_message, 2),
    "webSocketClose": ("web_socket_close", _call_close, 4),
    "webSocketError": ("web_socket_error", _call_error, 2),
}
"""The handlers of a ``DurableObject``."""


if TYPE_CHECKING:

    class DurableObject(Generic[EnvT]):
        """The base of your classes of Durable Objects.

        Each object has its own storage, and exists only once in the world::

            class Counter(DurableObject[AppEnv]):
                async def increment(self, by: int = 1) -> int:      # RPC: await stub.increment(2)
                    count = await self.ctx.storage.get("count", int) or 0
                    await self.ctx.storage.put("count", count + by)
                    return count + by

        The handlers are ``fetch``, ``connect``, ``alarm``, ``web_socket_message``,
        ``web_socket_close`` and ``web_socket_error``. ``alarm`` may take an AlarmInvocationInfo.
        Every other public method can be called by RPC, and should be ``async``.

        If the Env is defined after this class, write its name: ``DurableObject["AppEnv"]``.

        While the object waits for storage, no other event reaches it (its input gate is closed).
        While it awaits anything else, other events may interleave.

        JS: cloudflare:workers.DurableObject.
        """

        env: EnvT
        ctx: DurableObjectState

        def __init__(self, ctx: DurableObjectState, env: Any) -> None: ...

        async def fetch(self, request: Request, /, *env_and_ctx: Any, **_: Any) -> Response:
            """Answer an HTTP request."""
            ...

        async def connect(self, socket: Socket, /, *env_and_ctx: Any, **_: Any) -> None:
            """Serve a TCP connection from ``stub.connect(address)``; it ends with this method."""
            ...

        async def web_socket_message(self, ws: WebSocket, message: str | bytes, /) -> None:
            """Handle a message on a WebSocket that ``ctx.accept_web_socket`` accepted."""
            ...

        async def web_socket_close(
            self, ws: WebSocket, code: int, reason: str, was_clean: bool, /
        ) -> None:
            """Handle a Close from the other end. Close this end too: ``ws.close(code)``."""
            ...

        async def web_socket_error(self, ws: WebSocket, error: WorkersError, /) -> None:
            """Handle the loss of a WebSocket's connection."""
            ...

else:
    DurableObject = base("DurableObject", DurableObjectState, HANDLERS, __name__)
