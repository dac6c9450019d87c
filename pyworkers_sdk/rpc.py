"""Remote procedure calls: ``RpcTarget`` for objects that others call, ``RpcStub`` for theirs.

Structured clone copies arguments and results: None, bools, numbers, text, bytes, datetimes, lists,
dicts with text keys, sets, and nested values of these types. Dataclasses, named tuples and pydantic
models cross as objects, and the side that receives them loads the class that its annotation
specifies. ``Request``, ``Response``, ``Headers``, streams and service bindings pass too. A
function, or an object of an ``RpcTarget`` class, stays where it is: the other side gets a stub, and
a call on the stub runs here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from keyword import iskeyword
from types import FunctionType, TracebackType
from typing import Any, ClassVar, Self

from ._border import JsWrapper, raising
from ._border.rpc import dispose, from_rpc, invoke, local_stub, member, sendable
from ._signatures import Typed, member_of, typed
from .errors import RpcError

__all__ = ["RpcPromise", "RpcProperty", "RpcStub", "RpcTarget"]

_raising = raising(RpcError)


class RpcTarget:
    """Base of classes whose objects pass over RPC by reference.

    The other side may call the public methods of the class, ``async`` or not, and await its
    properties; a property of ``async def`` has the same type on both sides. It cannot reach
    attributes of an instance, or names that begin with an underscore.

    ::

        class Counter(RpcTarget):
            def __init__(self) -> None:
                self.count = 0

            async def increment(self, by: int = 1) -> int:
                self.count += by
                return self.count

    JS: cloudflare:workers.RpcTarget.
    """

    def dispose(self) -> None:
        """Release resources: the other side has disposed of a stub of this object.

        It is called once for each time that the object was sent. Override it; by default it does
        nothing.

        JS: RpcTarget[Symbol.dispose].
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dispose()

    @classmethod
    def __passed_by_reference__(cls) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of the methods and of the properties that the other side may use."""
        if "_public_members" not in vars(cls):
            cls._public_members = _public_members(cls)
        return cls._public_members

    _public_members: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]]


def _public_members(cls: type[RpcTarget]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    methods: list[str] = []
    properties: list[str] = []
    classes = cls.__mro__[: cls.__mro__.index(RpcTarget)]
    names = {name for base in classes for name in vars(base) if not name.startswith("_")}
    for name in sorted(names - {"dispose"}):
        attribute = next(vars(base)[name] for base in classes if name in vars(base))
        if isinstance(attribute, (FunctionType, staticmethod, classmethod)):
            methods.append(name)
        elif hasattr(attribute, "__get__"):
            properties.append(name)
    return tuple(methods), tuple(properties)


class _Remote(JsWrapper[Any]):
    """Client side of RPC: something on the other side that has members or can be called."""

    __slots__ = ("_place", "_raises", "_type")

    def __init__(
        self,
        js: Any,
        raises: raising = _raising,
        type_: Typed | None = None,
        place: str = "the result",
    ) -> None:
        """``type_`` has the annotation of the value, and ``place`` is its name in errors."""
        self._js = js
        self._raises = raises
        self._type = type_
        self._place = place

    def __getattr__(self, name: str) -> RpcProperty:
        if name.startswith("_"):
            raise private(name)
        kind = None if self._type is None else self._type.kind
        return property_of(self._js, name, kind, self._raises)

    def __call__(self, *args: Any, **keywords: Any) -> RpcPromise:
        """Call the function. The call is sent at once; await the promise for its result."""
        return self._call("the call", args, keywords)

    def _call(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> RpcPromise:
        signature = None if self._type is None else self._type.signature
        values: Iterable[Any] = args
        if keywords:
            if signature is None:
                raise TypeError(
                    f"{name}: keyword arguments need the signature of the method, and its class is "
                    "unknown. Annotate the binding with the class, Service[…] or "
                    "DurableObjectNamespace[…], and import the class at run time; or pass the "
                    "arguments by position"
                )
            values = signature.by_position(args, keywords)
        js_args = [sendable(arg, f"argument {n} of {name}") for n, arg in enumerate(values, 1)]
        with self._raises:
            promise = invoke(self._js, js_args)
        result = None if signature is None else signature.result
        return RpcPromise(promise, self._raises, result, f"the result of {name}")

    async def _awaited(self) -> Any:
        with self._raises:
            value = from_rpc(await self._js)
        return value if self._type is None else self._type.load(value, self._place)

    def dispose(self) -> None:
        """Release the stub: the other side may forget its object.

        JS: RpcStub[Symbol.dispose].
        """
        dispose(self._js)


def private(name: str) -> AttributeError:
    return AttributeError(f"{name}: RPC cannot reach names that begin with an underscore")


def property_of(
    js: Any, name: str, cls: Any, raises: raising, *, of_entrypoint: bool = False
) -> RpcProperty:
    """Return a member of a remote object. Nothing is sent before it is called or awaited.

    Args:
        js: The remote object.
        name: The name of the member in Python.
        cls: The class of the remote object, or None if it is unknown.
        raises: Raises the errors of calls.
        of_entrypoint: The object is an entrypoint or a Durable Object. There the runtime reaches
            only methods, so a property is called.
    """
    js_name = name[:-1] if name.endswith("_") and iskeyword(name[:-1]) else name
    type_ = None if cls is None else member_of(cls, name)
    return RpcProperty(member(js, js_name), name, raises, type_, of_entrypoint)


class RpcProperty(_Remote):
    """A member of a remote object: call it if it is a method, otherwise await its value."""

    __slots__ = ("_name", "_of_entrypoint")

    def __init__(
        self, js: Any, name: str, raises: raising, type_: Typed | None, of_entrypoint: bool
    ) -> None:
        super().__init__(js, raises, type_, f"the property {name}")
        self._name = name
        self._of_entrypoint = of_entrypoint

    def __call__(self, *args: Any, **keywords: Any) -> RpcPromise:
        """Call the method. The call is sent at once; await the promise for its result."""
        return self._call(f"{self._name}()", args, keywords)

    def __await__(self) -> Generator[Any, None, Any]:
        if self._of_entrypoint and self._type is not None and self._type.is_property:
            with self._raises:
                value = invoke(self._js, [])
            return RpcPromise(value, self._raises, self._type, self._place).__await__()
        return self._awaited().__await__()


class RpcPromise(_Remote):
    """The future result of a call: await it, or call methods of it without waiting.

    ::

        count = await env.COUNTERS.open("a").increment()     # one round trip
        async with env.COUNTERS.open("a") as counter: ...    # disposes of the stubs in the result

    Raises:
        RpcError: The other side raised an error. It is raised by ``await``. For an exception of
            Python it is also of the nearest built-in class, such as ValueError.

    JS: JsRpcPromise.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaited().__await__()

    async def __aenter__(self) -> Any:
        return await self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dispose()


class RpcStub(_Remote):
    """A function, or an ``RpcTarget``, of the other side.

    Call a function; call the methods of a target, and await its properties. A stub that came as an
    argument is disposed of when the method returns: keep a ``dup()``. The caller disposes of a stub
    that came in a result, by ``with`` or ``dispose()``; otherwise it stays until the caller's own
    request ends. ``RpcStub(function)``, ``RpcStub(target)`` and ``RpcStub({…})`` make a stub of a
    local object.

    JS: cloudflare:workers.RpcStub.
    """

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        with _raising:
            super().__init__(local_stub(value))

    @classmethod
    def from_js(cls, stub: Any) -> Self:
        """Wrap a stub of JavaScript."""
        self = cls.__new__(cls)
        _Remote.__init__(self, stub)
        return self

    def __typed__(self, type_: Typed | None) -> Self:
        """Return the stub, whose members and calls have the types that an annotation specifies."""
        self._type = type_
        return self

    def __as__(self, annotation: Any) -> Self:
        """Do the same for an annotation inside another."""
        return self.__typed__(typed(annotation))

    def dup(self) -> Self:
        """Return another stub of the same object. Each stub is disposed of by itself.

        JS: RpcStub.dup.
        """
        with _raising:
            copy = self.from_js(self._js.dup())
        return copy.__typed__(self._type)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dispose()
