"""Types of the values of RPC, from the annotations of functions.

Values cross as plain data. The side that receives a value loads it as its annotation, as a row is
loaded: a dict as the dataclass that it was. Annotations are read once for each function, at its
first call. An annotation that cannot be read is not used, since its names may be only for type
checkers.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import cache, cached_property
from inspect import Parameter, Signature as PythonSignature, getattr_static, signature
from types import FunctionType, MethodType, SimpleNamespace, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from . import _row_types as _rows
from .errors import RowTypeError

__all__ = ["Signature", "Typed", "member_of", "signature_of", "typed"]


class Typed:
    """The type of a value that arrives over RPC.

    Attributes:
        accepts: The types of the values that need no loading.
        annotation: The type to load other values as.
        signature: The signature of the function, if the value is one.
        kind: The class of the object of the other side, if the value is one.
        is_property: Whether the value is read from a property of a class.
    """

    __slots__ = ("_loaders", "accepts", "annotation", "is_property", "kind", "signature")

    accepts: frozenset[type]
    annotation: Any
    is_property: bool
    kind: Any
    signature: Signature | None

    def __init__(
        self,
        annotation: Any = None,
        accepts: Iterable[type] = (),
        *,
        kind: Any = None,
        signature: Signature | None = None,
    ) -> None:
        self.annotation = annotation
        self.accepts = frozenset(accepts)
        self.kind = kind
        self.signature = signature
        self.is_property = False
        self._loaders: dict[str, Callable[[Any], Any]] = {}  # by the place of the value

    def load(self, value: Any, place: str) -> Any:
        """Return a value as its annotation specifies.

        Raises:
            RowError: The value does not fit. The message begins with ``place``.
        """
        cls = cast("type[Any]", type(value))
        if cls in self.accepts:
            return value
        if hasattr(cls, "__typed__"):  # a stub: its calls are typed
            return value.__typed__(self)
        if self.annotation is None:
            return value
        loader = self._loaders.get(place)
        if loader is None:
            loader = self._loaders[place] = _rows.loader_of(self.annotation, place)
        return loader(value)


def typed(annotation: Any) -> Typed | None:
    """Return the type for an annotation; None if every value fits it."""
    try:
        if annotation in _NOTHING:
            return None
        if annotation in _SCALARS:
            return Typed(annotation, _SCALARS[annotation])
    except TypeError:  # metadata of Annotated without a hash
        pass
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Awaitable, Coroutine):
        return typed(args[-1])
    if origin in (Union, UnionType) and len(args) == 2 and type(None) in args:
        inner = typed(next(arg for arg in args if arg is not type(None)))
        if inner is not None and (inner.kind is not None or inner.signature is not None):
            return inner  # None passes as it is
    if origin is Callable or annotation is Callable:
        return Typed(signature=_of_callable(args))
    cls = annotation if origin is None else origin
    if _is_elsewhere(cls):
        return Typed(kind=annotation)
    if hasattr(cls, "__typed__"):  # a stub itself, such as Service[Auth]
        return Typed(kind=args[0] if args else None)
    return Typed(annotation) if _is_loadable(annotation) else None


_NOTHING = (Any, object, Parameter.empty, None, type(None))
_SCALARS: dict[Any, tuple[type, ...]] = {
    bool: (bool,),
    bytes: (bytes,),
    float: (float,),
    int: (int,),
    str: (str,),
    str | None: (str, type(None)),
    int | None: (int, type(None)),
    dict: (dict,),
    list: (list,),
    dict[str, Any]: (dict,),
    list[Any]: (list,),
}
"""The types of values that fit an annotation already, so that loading has nothing to do."""


def _is_elsewhere(cls: Any) -> bool:
    """Return True for a class whose objects stay on their side: the value is a stub of one."""
    return isinstance(cls, type) and (
        hasattr(cls, "__passed_by_reference__")  # an RpcTarget
        or hasattr(cls, "_handlers")  # a WorkerEntrypoint or a DurableObject
        or getattr(cls, "_is_protocol", False)
    )


def _is_loadable(annotation: Any) -> bool:
    try:
        _rows.loader_of(annotation, "")
    except RowTypeError:
        return False
    return True


class Signature:
    """The parameters and the result of a function that is called over RPC.

    Keyword-only arguments cross as one object behind the others, as JavaScript passes options.
    """

    __slots__ = (
        "_has_options",
        "_inspected",
        "_keywords",
        "_loads_more",
        "_others",
        "_positional",
        "_rest",
        "_types",
        "name",
        "result",
    )

    name: str
    result: Typed | None

    def __init__(self, name: str, inspected: PythonSignature, hints: dict[str, Any]) -> None:
        self.name = name
        self._inspected = inspected
        self._positional: list[tuple[str, Typed | None]] = []
        self._rest: tuple[str, Typed | None] | None = None
        self._keywords: dict[str, Typed | None] | None = None
        """The types of keyword-only parameters; None without such a parameter."""
        self._others: Typed | None = None
        """The type of the arguments that ``**`` takes."""
        for parameter in inspected.parameters.values():
            type_ = typed(hints.get(parameter.name, Any))
            if parameter.kind is Parameter.VAR_POSITIONAL:
                self._rest = parameter.name, type_
            elif parameter.kind is Parameter.KEYWORD_ONLY:
                self._keywords = {**(self._keywords or {}), parameter.name: type_}
            elif parameter.kind is Parameter.VAR_KEYWORD:
                self._keywords = self._keywords or {}
                self._others = type_
            else:
                self._positional.append((parameter.name, type_))
        self._types = [type_ for _, type_ in self._positional]
        self._has_options = self._keywords is not None and self._rest is None
        self._loads_more = self._has_options or (
            self._rest is not None and self._rest[1] is not None
        )
        self.result = typed(hints.get("return", Any))

    # The caller's side

    def by_position(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> list[Any]:
        """Return all arguments by position, in the order of the parameters."""
        bound = self._inspected.bind(*args, **keywords)
        options = {name: value for name, value in keywords.items() if self._is_option(name)}
        if options and self._rest is not None:
            name = next(iter(options))
            raise TypeError(
                f"{self.name}(): parameter {name!r} is keyword-only, but behind *{self._rest[0]} "
                "RPC passes arguments by position only"
            )
        passed = len(bound.args)
        bound.apply_defaults()
        named = [index for index, (name, _) in enumerate(self._positional) if name in keywords]
        count = max(len(args), *(index + 1 for index in named), 0)
        if self._rest is not None:
            count = max(count, passed)
        if options:
            return [*bound.args[: len(self._positional)], options]
        return [*bound.args[:count]]

    def _is_option(self, name: str) -> bool:
        return all(name != positional for positional, _ in self._positional)

    # The side of the function

    def arrived(self, values: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments, and the keyword-only arguments, as their annotations specify.

        Raises:
            RowError: An argument does not fit. The message names the function and the parameter.
        """
        for type_, value in zip(self._types, values):
            if type_ is not None and type(value) not in type_.accepts:
                break
        else:
            if not self._loads_more:
                return values, {}
        options: dict[str, Any] = {}
        known = len(self._positional)
        if self._has_options and len(values) == known + 1 and type(values[-1]) is dict:
            options = {
                name: self._loaded(name, (self._keywords or {}).get(name, self._others), value)
                for name, value in values.pop().items()
            }
        for index, (name, type_) in enumerate(self._positional[: len(values)]):
            if type_ is not None and type(values[index]) not in type_.accepts:
                values[index] = self._loaded(name, type_, values[index])
        if self._rest is not None and self._rest[1] is not None:
            name, type_ = self._rest
            values[known:] = [self._loaded(name, type_, value) for value in values[known:]]
        return values, options

    def _loaded(self, name: str, type_: Typed | None, value: Any) -> Any:
        return value if type_ is None else type_.load(value, f"argument {name!r} of {self.name}()")


def _of_callable(args: tuple[Any, ...]) -> Signature | None:
    """Return the signature that ``Callable[[…], result]`` specifies."""
    if len(args) != 2:
        return None
    rest = Parameter("args", Parameter.VAR_POSITIONAL)
    return Signature("the call", PythonSignature([rest]), {"return": args[1]})


def signature_of(function: Any, owner: Any = None) -> Signature | None:
    """Return the signature of a function or a bound method, or None if Python knows none.

    Args:
        function: The function.
        owner: The class that has the method, for names in its annotations.
    """
    if type(function) is MethodType:
        method = function.__func__
        known: Signature | None = getattr(method, _OF_METHOD, None)
        if known is None and isinstance(method, FunctionType):
            cls: Any = type(function.__self__)
            return _of_function(method, _OF_METHOD, cls if owner is None else owner)
        return known
    if type(function) is FunctionType:
        return _of_function(function, _OF_FUNCTION, owner)
    return _of_object(function)


# The attributes of a function that keep its signature. The signature then lives as long as the
# function: a program makes functions as it runs.
_OF_METHOD = "__rpc_method__"
_OF_FUNCTION = "__rpc_function__"


def _of_object(function: Any) -> Signature | None:
    cls = cast("type[Any]", type(function))
    call = getattr_static(cls, "__call__", None)
    return _of_function(call, _OF_METHOD, cls) if isinstance(call, FunctionType) else None


def _of_function(function: FunctionType, place: str, owner: Any) -> Signature | None:
    known: Signature | None = function.__dict__.get(place)
    if known is None:
        known = function.__dict__[place] = _inspected(function, place == _OF_METHOD, owner)
    return known


def _inspected(function: FunctionType, is_method: bool, owner: Any) -> Signature | None:
    try:
        whole = _signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(whole.parameters.values())
    if is_method and parameters and parameters[0].kind in _BY_POSITION:
        del parameters[0]
    name = getattr(function, "__name__", "the call")
    return Signature(name, whole.replace(parameters=parameters), _hints(function, owner))


_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def _hints(function: Any, owner: Any) -> dict[str, Any]:
    """Return the annotations of a function that can be read."""
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:  # names that only type checkers import, or anything else in an annotation
        pass
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    scope: dict[str, Any] = {} if owner is None else {**vars(owner)}
    hints: dict[str, Any] = {}
    for name, annotation in _annotations(function).items():
        one = SimpleNamespace(__annotations__={name: annotation})
        try:
            hints.update(get_type_hints(one, function.__globals__, scope, include_extras=True))
        except Exception:
            continue
    return hints


# From Python 3.14 on, annotations are evaluated when they are read.
if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def _signature(function: Any) -> PythonSignature:
        return signature(function, annotation_format=Format.FORWARDREF)

    def _annotations(function: Any) -> dict[str, Any]:
        return get_annotations(function, format=Format.FORWARDREF)

else:
    _signature = signature

    def _annotations(function: Any) -> dict[str, Any]:
        annotations: dict[str, Any] = function.__annotations__
        return annotations


def _member(cls: Any, name: str) -> Typed | None:
    owner = get_origin(cls) or cls
    if not isinstance(owner, type):
        return None
    attribute: Any = getattr_static(owner, name, None)
    function = getattr(attribute, "__func__", attribute)  # of a staticmethod or a classmethod
    if isinstance(function, FunctionType):
        place = _OF_FUNCTION if isinstance(attribute, staticmethod) else _OF_METHOD
        return Typed(signature=_of_function(function, place, owner))
    getter = attribute.func if isinstance(attribute, cached_property) else None
    getter = attribute.fget if isinstance(attribute, property) else getter
    if getter is not None:
        type_ = typed(_hints(getter, owner).get("return", Any)) or Typed()
        type_.is_property = True
        return type_
    try:
        return typed(get_type_hints(owner, include_extras=True).get(name, Any))
    except Exception:  # see _hints
        return None


member_of: Callable[[Any, str], Typed | None] = cache(_member)
"""Return the type of a member of a class; None if every value fits it."""
