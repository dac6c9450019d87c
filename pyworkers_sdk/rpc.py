"""Remote procedure calls: ``RpcTarget`` for what we let others call, ``RpcStub`` for theirs.

A method that another Worker calls gets its arguments, and gives its result, as structured clone
copies them: None, bools, numbers, text, bytes, datetimes, lists, dicts with text keys, sets, and
what is made of these. ``Request``, ``Response``, ``Headers``, streams and service bindings pass
too. A function, or an object whose class is an ``RpcTarget``, stays where it is: the other side
gets a stub of it, and what it calls on the stub runs here.
"""

from __future__ import annotations

from collections.abc import Generator
from inspect import Parameter, signature
from keyword import iskeyword
from types import FunctionType, TracebackType
from typing import Any, ClassVar, Self

from ._border import JsWrapper, raising
from ._border.rpc import dispose, from_rpc, invoke, local_stub, member, sendable
from .errors import RpcError

__all__ = ["RpcPromise", "RpcProperty", "RpcStub", "RpcTarget"]

_raising = raising(RpcError)


class RpcTarget:
    """Base of classes whose objects pass over RPC by reference.

    The other side may call the public methods of the class, ``async`` or not, and read its
    properties; what an instance keeps in its attributes, and names that begin with an underscore,
    it cannot reach. ::

        class Counter(RpcTarget):
            def __init__(self) -> None:
                self.count = 0

            async def increment(self, by: int = 1) -> int:
                self.count += by
                return self.count

    JS: cloudflare:workers.RpcTarget.
    """

    def dispose(self) -> None:
        """Called when the other side is done with a stub of it: once for each time that it was
        sent. Does nothing unless the class says otherwise. JS: RpcTarget[Symbol.dispose]."""

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
        """The names of the methods and of the properties that the other side may use."""
        if "_offered" not in vars(cls):
            cls._offered = _offered(cls)
        return cls._offered

    _offered: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]]


def _offered(kind: type[RpcTarget]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    methods: list[str] = []
    properties: list[str] = []
    own = kind.__mro__[: kind.__mro__.index(RpcTarget)]
    names = {name for each in own for name in vars(each) if not name.startswith("_")}
    for name in sorted(names - {"dispose"}):
        found = next(vars(each)[name] for each in own if name in vars(each))
        if isinstance(found, (FunctionType, staticmethod, classmethod)):
            methods.append(name)
        elif hasattr(found, "__get__"):
            properties.append(name)
    return tuple(methods), tuple(properties)


class _Remote(JsWrapper[Any]):
    """What has members on the other side."""

    __slots__ = ("_function", "_raises")

    def __init__(self, js: Any, raises: raising = _raising, function: Any = None) -> None:
        self._js = js
        self._raises = raises
        self._function = function

    def __getattr__(self, name: str) -> RpcProperty:
        if name.startswith("_"):
            raise private(name)
        return property_of(self._js, name, None, self._raises)

    def __call__(self, *args: Any, **keywords: Any) -> RpcPromise:
        """Call it. The call goes out at once; await what it gives."""
        return self._call("the call", args, keywords)

    def _call(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> RpcPromise:
        if keywords:
            args = _in_positions(name, args, keywords, self._function)
        sent = [sendable(arg, f"argument {at} of {name}") for at, arg in enumerate(args, 1)]
        with self._raises:
            return RpcPromise(invoke(self._js, sent), self._raises)

    async def _awaited(self) -> Any:
        with self._raises:
            return from_rpc(await self._js)

    def dispose(self) -> None:
        """Say that it is no longer used. JS: RpcStub[Symbol.dispose]."""
        dispose(self._js)


def private(name: str) -> AttributeError:
    return AttributeError(f"{name}: over RPC there are no names that begin with an underscore")


def property_of(js: Any, name: str, kind: Any, raises: raising) -> RpcProperty:
    """The member of that name, which nothing asks for yet; of an object of the class ``kind``."""
    theirs = name[:-1] if name.endswith("_") and iskeyword(name[:-1]) else name
    return RpcProperty(member(js, theirs), name, raises, getattr(kind, name, None))


def _in_positions(
    name: str, args: tuple[Any, ...], keywords: dict[str, Any], function: Any
) -> tuple[Any, ...]:
    """Keyword arguments at the positions that the function has them at."""
    if function is None:
        raise TypeError(
            f"{name} takes no keyword arguments over RPC: JavaScript has none, and what is there "
            "is not known. Annotate the binding with its class, Service[…] or "
            "DurableObjectNamespace[…], which is imported at run time, too; or give them by "
            "position"
        )
    whole = signature(function)
    parameters = list(whole.parameters.values())[1:]  # without self
    bound = whole.replace(parameters=parameters).bind(*args, **keywords)
    bound.apply_defaults()
    placed: list[Any] = []
    last = 0
    for parameter in parameters:
        given = bound.arguments[parameter.name]
        if parameter.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD):
            if parameter.name in keywords or (parameter.kind is Parameter.VAR_KEYWORD and given):
                raise TypeError(
                    f"{name} has {parameter.name} by keyword only, which RPC cannot say"
                )
        elif parameter.kind is Parameter.VAR_POSITIONAL:
            placed += given
        else:
            placed.append(given)
            if parameter.name in keywords:
                last = len(placed)
    return tuple(placed[: max(last, len(args))])


class RpcProperty(_Remote):
    """A member of what is on the other side: call it if it is a method, else await its value."""

    __slots__ = ("_name",)

    def __init__(self, js: Any, name: str, raises: raising, function: Any) -> None:
        super().__init__(js, raises, function)
        self._name = name

    def __call__(self, *args: Any, **keywords: Any) -> RpcPromise:
        """Call the method. The call goes out at once; await what it gives."""
        return self._call(f"{self._name}()", args, keywords)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._awaited().__await__()


class RpcPromise(_Remote):
    """What a call will give: await it, or call methods of it without waiting. ::

        count = await env.COUNTERS.open("a").increment()     # one round trip
        async with env.COUNTERS.open("a") as counter: ...    # stubs in the result end with it

    RpcError where the other side raised an error.

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

    Call it if it is a function; else call its methods and await its properties. One that came as an
    argument is disposed of when the method returns: keep a ``dup()``. One that came in a result is
    the caller's to dispose of, ``with`` it or by ``dispose``, or else stays until the caller's own
    request is over. ``RpcStub(function)``, ``RpcStub(target)`` and ``RpcStub({…})`` make a stub of
    something of ours.

    JS: cloudflare:workers.RpcStub.
    """

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        with _raising:
            super().__init__(local_stub(value))

    @classmethod
    def from_js(cls, stub: Any) -> Self:
        """Stand over JavaScript's own stub."""
        made = cls.__new__(cls)
        _Remote.__init__(made, stub)
        return made

    def dup(self) -> Self:
        """One more stub of the same, to be disposed of by itself. JS: RpcStub.dup."""
        with _raising:
            return self.from_js(self._js.dup())

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
