"""``Service`` and ``Fetcher``: another Worker behind a binding, reached by HTTP and RPC."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args, overload

from ._border import JsWrapper, binding, prop, raising, raw
from ._border.live_objects import wrap_live_object
from ._border.rpc import sendable, tag_of
from ._signatures import Typed, typed
from .errors import BindingError, RpcError, WorkersError
from .http import Request, Response, send
from .rpc import private, property_of

if TYPE_CHECKING:
    from typing import Self

    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _js
    from ._http_body import BodyInit
    from .abort import AbortSignal
    from .headers import HeadersInit
    from .rpc import RpcProperty
    from .tcp import Address, SecureTransport, Socket

_raising: Callable[[Any], raising] = cache(raising)

__all__ = ["Exports", "Fetcher", "Loopback", "Service"]


class Fetcher(JsWrapper["_js.Fetcher"]):
    """Another Worker, or an object of it: ``fetch`` is HTTP, and any other method is RPC.

    A call returns an ``RpcPromise``. It takes further calls before it is awaited:
    ``await env.COUNTERS.open("a").increment()`` is one round trip.

    Arguments and results are copied, and arrive as the annotations of the method specify: as a
    dataclass, a TypedDict, a pydantic model, an Enum or a datetime, nested too. If the class of the
    other side is unknown here, a result arrives as plain data. Keyword-only arguments cross as one
    object behind the others. Properties are awaited: declare them as ``@property`` over
    ``async def``, so that type checkers know it.

    Bindings of ``mtls_certificates``, ``vpc_services`` and ``vpc_networks`` are Fetchers with
    ``fetch`` only: ``BANK: Fetcher`` in an Env.

    Raises:
        RpcError: The other side raised an error. ``js_name`` is the error's class, in Python or
            JavaScript; "DataCloneError" for a live object, such as a binding, that cannot be sent.
            For an exception of Python the RpcError is also of its built-in class, or of the
            nearest: ``except KeyError`` catches a KeyError.
        RowError: An argument or a result does not fit its annotation. The message names the method
            and the parameter.
        ConversionError: A value cannot be copied.

    JS: Fetcher.
    """

    __slots__ = ("_kind",)

    _error: ClassVar[type[WorkersError]] = RpcError
    _fetch_error: ClassVar[type[WorkersError]] = WorkersError

    def __init__(self, fetcher: _js.Fetcher) -> None:
        self._js = binding(fetcher, "Service", "fetch")
        self._kind: Any = None  # the class of the other side, if it is known

    async def fetch(
        self,
        resource: str | Request,
        *,
        method: str | None = None,
        headers: HeadersInit | None = None,
        body: BodyInit | None = None,
        redirect: Literal["follow", "manual"] | None = None,
        cf: dict[str, Any] | None = None,
        signal: AbortSignal | None = None,
    ) -> Response:
        """Send a request to the Worker, whichever host the URL names.

        Args:
            resource: A URL or a Request. The other arguments are as in ``Request``.

        Raises:
            WorkersError: The other side's ``fetch`` raised an error.

        JS: Fetcher.fetch.
        """
        return await send(
            self._js.fetch,
            resource,
            method=method,
            headers=headers,
            body=body,
            redirect=redirect,
            cf=cf,
            signal=signal,
            failing=_raising(self._fetch_error),
        )

    def connect(
        self,
        address: Address,
        *,
        secure_transport: SecureTransport = "off",
        allow_half_open: bool = False,
        high_water_mark: int | None = None,
    ) -> Socket:
        """Open a TCP connection through the binding, as ``pyworkers_sdk.connect`` does.

        It leads to a Worker with a ``connect`` handler, a bound network, or a container's port.

        Args:
            address: "host:port", or a dict with ``hostname`` and ``port``.
            secure_transport: TLS: "off", "on" or "starttls".
            allow_half_open: Keep the writable side open after the other side has closed.
            high_water_mark: Buffer size of the writable side, in bytes.

        JS: Fetcher.connect.
        """
        from .tcp import dial

        return dial(
            self._js.connect,
            address,
            secure_transport=secure_transport,
            allow_half_open=allow_half_open,
            high_water_mark=high_water_mark,
        )

    def __getattr__(self, name: str) -> RpcProperty:
        if name.startswith("_"):
            raise private(name)
        raises = _raising(self._error)
        return property_of(self._js, name, self._kind, raises, of_entrypoint=True)

    def __typed__(self, type_: Typed) -> Self:
        """Return the stub, whose members have the types that an annotation specifies."""
        self._kind = type_.kind
        return self

    def __as__(self, annotation: Any) -> Self:
        """Do the same for an annotation inside another."""
        type_ = typed(annotation)
        return self if type_ is None else self.__typed__(type_)


if TYPE_CHECKING:
    T = TypeVarWithDefault("T", default=Fetcher)

    class Service(Fetcher, Generic[T]):
        """A service binding: ``AUTH: Service[Auth]`` in an Env.

        ``Auth`` is the class of the bound entrypoint, a ``WorkerEntrypoint``, or a Protocol with
        its methods. For type checkers ``env.AUTH`` is an ``Auth``, so declare its methods and
        properties ``async``. A bare ``Service`` is a ``Fetcher``. At run time both are Fetchers. If
        the class is known, calls take keyword arguments, and results have their annotated types.

        JS: Fetcher.
        """

        @overload
        def __get__(self, env: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(self, env: object, owner: type[Any]) -> T: ...
        def __get__(self, env: object | None, owner: type[Any]) -> Any: ...

else:
    T = TypeVar("T")

    class Service(Fetcher, Generic[T]):
        """A service binding: ``AUTH: Service[Auth]`` in an Env."""

        __slots__ = ()

        def _set_class(self, alias: Any) -> None:
            self._kind = get_args(alias)[0]

        __orig_class__ = property(fset=_set_class)  # typing sets it to Service[Auth]


class Loopback(Fetcher):
    """An entrypoint of this Worker itself: ``ctx.exports.Admin``.

    ``ctx.exports.Admin(props=…)`` returns a Fetcher whose calls find ``props`` in ``ctx.props``.

    JS: LoopbackServiceStub.
    """

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> Fetcher:
        loopback: Any = self._js
        return Fetcher(loopback(props=None if props is None else sendable(props, "props")))


class Exports(JsWrapper[Any]):
    """The classes that the Worker itself exports, by name.

    ``ctx.exports.Admin``, an entrypoint, is called like a service. ``ctx.exports.ChatRoom``, a
    class of Durable Objects, is their namespace, or a ``DurableObjectClass`` for facets if the
    configuration binds no namespace. Annotate the variable for type checkers::

        rooms: DurableObjectNamespace[ChatRoom] = self.ctx.exports.ChatRoom

    Before compatibility date 2025-11-17 the flag ``enable_ctx_exports`` is needed.

    Raises:
        BindingError: The Worker does not export a class of this name.

    JS: ExecutionContext.exports.
    """

    __slots__ = ()

    def __init__(self, exports: Any) -> None:
        self._js = raw(exports)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        export = prop(self._js, "default" if name == "Default" else name)
        if export is None:
            raise BindingError(f"the Worker does not export {name}")
        return wrap_live_object(tag_of(export), export)
