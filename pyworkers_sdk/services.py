"""``Service`` and ``Fetcher``: what is behind a service binding, by HTTP and by RPC."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args, overload

from ._border import JsWrapper, binding, prop, raising, raw
from ._border.live_objects import wrap_live_object
from ._border.rpc import sendable, tag_of
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
    """Another Worker, or an object of one: ``fetch`` is HTTP, and any other method is RPC.

    A call gives an ``RpcPromise`` to await, which takes further calls before it is awaited:
    ``await env.COUNTERS.open("a").increment()`` is one round trip. What an ``await`` may raise is
    an RpcError; its ``js_name`` is the class of what the other side raised, Python's or
    JavaScript's. Arguments and results are copied: a dataclass or a pydantic model arrives as a
    dict, whatever the method's annotation says. What cannot be is a ConversionError, or an RpcError
    ("DataCloneError") where it is a live object such as another binding.

    The bindings of ``mtls_certificates``, ``vpc_services`` and ``vpc_networks`` are this too, with
    nothing but ``fetch``: ``BANK: Fetcher`` in an Env.

    JS: Fetcher.
    """

    __slots__ = ("_kind",)

    _error: ClassVar[type[WorkersError]] = RpcError
    _fetch_error: ClassVar[type[WorkersError]] = WorkersError

    def __init__(self, fetcher: _js.Fetcher) -> None:
        self._js = binding(fetcher, "Service", "fetch")
        self._kind: Any = None  # the class behind it, where that is known

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
        """Send a request there, whatever host its URL names; the options are those of ``Request``.

        What the other side's ``fetch`` raises is a WorkersError. JS: Fetcher.fetch.
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
        """A TCP connection through the binding, as ``pyworkers_sdk.connect`` makes one: to a Worker
        with a ``connect`` handler, a network that is bound, or a container's port.
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
        return property_of(self._js, name, self._kind, _raising(self._error))


if TYPE_CHECKING:
    T = TypeVarWithDefault("T", default=Fetcher)

    class Service(Fetcher, Generic[T]):
        """A service binding: ``AUTH: Service[Auth]`` in an Env.

        ``Auth`` is the class of the entrypoint that is bound, a ``WorkerEntrypoint``, or a Protocol
        with its methods; for type checkers ``env.AUTH`` is one, so declare them ``async``, as they
        are from outside. A bare ``Service`` is a ``Fetcher``. At run time it is a ``Fetcher``
        either way, which takes keyword arguments where the class is known.

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

        def _is_of(self, alias: Any) -> None:
            self._kind = get_args(alias)[0]

        __orig_class__ = property(fset=_is_of)  # where typing says what is in the brackets


class Loopback(Fetcher):
    """An entrypoint of this very Worker, ``ctx.exports.Admin``; ``Admin(props=…)`` gives one whose
    calls find those in ``ctx.props``. JS: LoopbackServiceStub."""

    __slots__ = ()

    def __call__(self, *, props: dict[str, Any] | None = None) -> Fetcher:
        loopback: Any = self._js
        return Fetcher(loopback(props=None if props is None else sendable(props, "props")))


class Exports(JsWrapper[Any]):
    """What the Worker itself exports, by the names of its classes.

    ``ctx.exports.Admin``, an entrypoint, is called like a service; ``ctx.exports.ChatRoom``, a
    class of Durable Objects, is their namespace, or where the Worker has none of them a
    ``DurableObjectClass`` for facets. Say which for type checkers::

        rooms: DurableObjectNamespace[ChatRoom] = self.ctx.exports.ChatRoom

    BindingError where the Worker exports no such class. Before compatibility date 2025-11-17 it
    takes the flag ``enable_ctx_exports``.

    JS: ExecutionContext.exports.
    """

    __slots__ = ()

    def __init__(self, exports: Any) -> None:
        self._js = raw(exports)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = prop(self._js, "default" if name == "Default" else name)
        if found is None:
            raise BindingError(f"the Worker exports no {name}")
        return wrap_live_object(tag_of(found), found)
