"""From an annotation to its cell: once for each annotation, since the cells are kept.

An annotation that nothing can be checked against is refused by its name, when it is specified.
Third-party classes are recognised by their members, without importing them.
"""

from __future__ import annotations

import collections.abc as abc
import sys
import types
from collections.abc import Callable
from enum import Enum
from importlib import import_module
from typing import (
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from ..errors import RowTypeError
from .cells import (
    ANY,
    SCALARS,
    Cell,
    DictCell,
    ItemsCell,
    Later,
    Mismatch,
    TupleCell,
    class_of,
    decimal,
    enum,
    key_of,
    literal,
    parsed,
    union,
)
from .hints import (
    NOTHING,
    QUALIFIERS,
    hints_of,
    is_init_var,
    is_nothing,
    is_typed_dict,
    qualifiers,
    special_name,
    substituted,
    validator_kind,
)
from .records import Record, Validated

__all__ = ["cell_of", "shown"]

_CELLS: dict[Any, Cell] = {}
_MOST_CELLS = 4096  # classes that functions make on each call must not fill the memory


def cell_of(annotation: Any) -> Cell:
    """Return the cell of an annotation.

    Raises:
        RowTypeError: The annotation, or a part of it, cannot be checked.
    """
    try:
        key = _key(annotation)
        cell = _CELLS.get(key)
    except Exception:  # an annotation without a hash is compiled each time
        key = cell = None
    if cell is not None:
        return cell
    compiler = _Compiler()
    try:
        cell = compiler.cell(annotation)
    except RowTypeError:
        raise
    except RecursionError:
        raise RowTypeError(f"{shown(annotation)} is nested too deeply for a row type") from None
    except NameError as error:
        raise RowTypeError(
            f"{shown(annotation)} cannot be a row type: {error}; "
            "define the class in a module, or outside of TYPE_CHECKING"
        ) from None
    except Exception as error:
        raise RowTypeError(
            f"{shown(annotation)} cannot be a row type: {type(error).__name__}: {error}"
        ) from error
    if len(_CELLS) > _MOST_CELLS:
        _CELLS.clear()
    _CELLS.update(compiler.done)
    return cell


def _key(annotation: Any) -> Any:
    """Return the key under which a cell is kept.

    ``int | str`` equals ``str | int``, but the order of a union counts: so the text is a part.
    """
    return annotation if isinstance(annotation, type) else (annotation, repr(annotation))


def shown(annotation: Any) -> str:
    """Return an annotation as people write it."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    if hasattr(annotation, "__code__"):
        return f"the function {annotation.__name__}"
    try:
        text = repr(annotation)
    except Exception:
        return f"a {type(annotation).__name__}"
    text = text.replace("typing.", "").replace("collections.abc.", "")
    return text if len(text) <= 100 else f"{text[:99]}…"


class _Compiler:
    """The making of one cell and of the cells that it needs.

    ``open`` has the cells in the making: a recursive type refers to itself.
    """

    def __init__(self) -> None:
        self.open: dict[Any, Cell] = {}
        self.done: dict[Any, Cell] = {}
        self.owner: Any = None
        """The class whose fields are compiled: the meaning of Self."""
        self.selfs = 0
        """The number of times that Self occurred in the open class."""

    def cell(self, annotation: Any) -> Cell:
        try:
            key = _key(annotation)
            cell = _CELLS.get(key) or self.done.get(key) or self.open.get(key)
        except TypeError:  # metadata of Annotated without a hash
            return self._make(annotation)
        if cell is None:
            opened = self.open[key] = Later(shown(annotation))
            selfs = self.selfs
            cell = self._make(annotation)
            opened.become(cell)
            del self.open[key]
            if self.selfs == selfs:  # Self means another class elsewhere
                self.done[key] = cell
        return cell

    def _make(self, annotation: Any) -> Cell:
        """Return the cell of an annotation, by its kind: scalar, form, alias or class."""
        if isinstance(annotation, type) and annotation in SCALARS:
            return SCALARS[annotation]
        if annotation is Any or annotation is None:
            return SCALARS[annotation]
        origin, args = get_origin(annotation), get_args(annotation)
        form = _FORMS.get(annotation if origin is None else origin)
        if form is not None:
            if origin is tuple and not args and hasattr(annotation, "__args__"):
                return TupleCell([])  # tuple[()]
            return form(self, args)
        if origin is Annotated:
            return self._annotated(annotation)
        class_ = annotation if origin is None else origin
        if isinstance(class_, type):
            return self._class(class_, args, annotation)
        return self._special(annotation, origin, args)

    def _special(self, annotation: Any, origin: Any, args: tuple[Any, ...]) -> Cell:
        """Return the cell of an annotation that is neither a class nor a form with items."""
        name = special_name(annotation if origin is None else origin)
        if name in QUALIFIERS and args:
            return self.cell(args[0])
        if name == "Self" and self.owner is not None:
            self.selfs += 1
            return self.cell(self.owner)
        if name == "LiteralString":
            return SCALARS[str]
        if isinstance(annotation, TypeVar):
            return self._type_variable(annotation)
        if hasattr(annotation, "__supertype__"):  # NewType("X", …)
            return self.cell(annotation.__supertype__)
        if type(origin or annotation).__name__ == "TypeAliasType":  # type X = …
            return self._alias(origin or annotation, args)
        if hasattr(class_of(annotation), "validate_python"):  # pydantic's TypeAdapter
            return Validated(shown(annotation), annotation.validate_python, one_value=True)
        raise _refused(annotation)

    # Special forms

    def union_(self, args: tuple[Any, ...]) -> Cell:
        return union([self.cell(arg) for arg in args])

    def literal_(self, args: tuple[Any, ...]) -> Cell:
        return literal(
            tuple((arg, enum(type(arg)) if isinstance(arg, Enum) else None) for arg in args)
        )

    def list_(self, args: tuple[Any, ...]) -> Cell:
        return ItemsCell("list", self._item(args), None, (list,))

    def set_(self, args: tuple[Any, ...]) -> Cell:
        return ItemsCell("set", self._item(args), set, (list, set))

    def frozenset_(self, args: tuple[Any, ...]) -> Cell:
        return ItemsCell("frozenset", self._item(args), frozenset, (list, set, frozenset))

    def tuple_(self, args: tuple[Any, ...]) -> Cell:
        if not args or (len(args) == 2 and args[1] is Ellipsis):
            return ItemsCell("tuple", self._item(args), tuple, (list, tuple))
        return TupleCell([self.cell(arg) for arg in args])

    def dict_(self, args: tuple[Any, ...]) -> Cell:
        if not args:
            return DictCell(ANY, ANY)
        return DictCell(key_of(self.cell(args[0])), self.cell(args[1]))

    def _item(self, args: tuple[Any, ...]) -> Cell:
        return self.cell(args[0]) if args else ANY

    def _annotated(self, annotation: Any) -> Cell:
        inner = annotation.__origin__
        if special_name(get_origin(inner)) in QUALIFIERS:  # Annotated[NotRequired[int], …]
            args = (get_args(inner)[0], *annotation.__metadata__)
            form: Any = Annotated
            return self.cell(form[args])
        kinds = {validator_kind(item) for item in annotation.__metadata__}
        if kinds == {"none"}:
            return self.cell(inner)
        adapter = _adapter_class(annotation)(annotation)
        checked = Validated(shown(inner), adapter.validate_python, one_value=True)
        if "validator" in kinds:
            return checked
        return self._constrained(self.cell(inner), adapter)

    def _constrained(self, cell: Cell, adapter: Any) -> Cell:
        """Return a cell that loads a value, and then checks constraints such as ``Gt(0)``."""

        def convert(value: Any) -> Any:
            return check.load(cell.load(value))

        def strictly(value: Any) -> Any:
            return adapter.validate_python(value, strict=True)

        check = Validated(cell.name, strictly, one_value=True)
        constrained = Cell(cell.name, (), convert, structured=cell.structured)
        constrained.makes = cell.makes
        return constrained

    def _type_variable(self, variable: Any) -> Cell:
        default = getattr(variable, "__default__", NOTHING)
        if not is_nothing(default):
            return self.cell(default)
        if variable.__bound__ is not None:
            return self.cell(variable.__bound__)
        if variable.__constraints__:
            return self.union_(variable.__constraints__)
        return ANY

    def _alias(self, alias: Any, args: tuple[Any, ...]) -> Cell:
        parameters: tuple[Any, ...] = alias.__type_params__
        if any(not isinstance(parameter, TypeVar) for parameter in parameters):
            raise _refused(alias)
        return self.cell(substituted(alias.__value__, dict(zip(parameters, args))))

    # Classes

    def _class(self, class_: Any, args: tuple[Any, ...], annotation: Any) -> Cell:
        if issubclass(class_, Enum):
            return enum(class_)
        name = (class_.__module__, class_.__name__)
        if name == ("decimal", "Decimal"):
            return decimal(class_)
        if name == ("uuid", "UUID"):
            return parsed(class_, (str,))
        before = self.owner, self.selfs
        self.owner = annotation
        cell = self._record(class_, args, annotation)
        self.owner, self.selfs = before
        if cell is not None:
            return cell
        if hasattr(class_, "js_object") or hasattr(class_, "__passed_by_reference__"):
            return _live(class_, annotation)
        raise _refused(annotation)

    def _record(self, class_: Any, args: tuple[Any, ...], annotation: Any) -> Cell | None:
        if is_typed_dict(class_):
            return self._typed_dict(class_, args)
        if hasattr(class_, "model_validate"):  # a pydantic model, or a class that acts like one
            root = bool(getattr(class_, "__pydantic_root_model__", False))
            return Validated(class_.__name__, class_.model_validate, one_value=root)
        if hasattr(class_, "__dataclass_fields__"):
            if hasattr(class_, "__pydantic_validator__"):  # pydantic's own dataclass
                validate = _adapter_class(annotation)(annotation).validate_python
                return Validated(class_.__name__, validate, one_value=False)
            return self._dataclass(class_, args)
        if hasattr(class_, "__attrs_attrs__"):
            return self._attrs(class_, args)
        if hasattr(class_, "_fields") and issubclass(class_, tuple):
            return self._named_tuple(class_, args)
        return None

    def _typed_dict(self, class_: Any, args: tuple[Any, ...]) -> Cell:
        hints = hints_of(class_, args)
        # ``__required_keys__`` is wrong under deferred annotations: ``NotRequired`` is text then.
        required = set(class_.__required_keys__)
        for name, hint in hints.items():
            names = qualifiers(hint)
            if "NotRequired" in names:
                required.discard(name)
            elif "Required" in names:
                required.add(name)
        extra = getattr(class_, "__extra_items__", NOTHING)  # PEP 728
        if not is_nothing(extra):
            extra_cell: Cell | None = self.cell(extra)
        else:
            extra_cell = _NO_MORE_KEYS if getattr(class_, "__closed__", False) else None
        return Record(class_.__name__, self._fields(hints), required, extra=extra_cell)

    def _dataclass(self, class_: Any, args: tuple[Any, ...]) -> Cell:
        hints = hints_of(class_, args)
        # A dataclass exists, so its module is loaded; importing it here would slow the start of
        # Workers without dataclasses.
        missing = sys.modules["dataclasses"].MISSING
        fields: dict[str, Any] = {}
        required: set[str] = set()
        for name, field in class_.__dataclass_fields__.items():
            hint = hints.get(name, field.type)
            if not field.init or ClassVar in (hint, get_origin(hint)):
                continue
            fields[name] = getattr(hint, "type", Any) if is_init_var(hint) else hint
            if field.default is missing and field.default_factory is missing:
                required.add(name)
        cells = self._fields(fields)
        return Record(class_.__name__, cells, required, lambda row: class_(**row), class_=class_)

    def _attrs(self, class_: Any, args: tuple[Any, ...]) -> Cell:
        hints = hints_of(class_, args)
        fields: dict[str, Any] = {}
        required: set[str] = set()
        for field in class_.__attrs_attrs__:
            if field.init:
                alias = field.alias or field.name.lstrip("_")
                fields[alias] = hints.get(field.name, Any if field.type is None else field.type)
                if type(field.default).__name__ == "_Nothing" or repr(field.default) == "NOTHING":
                    required.add(alias)
        cells = self._fields(fields)
        return Record(class_.__name__, cells, required, lambda row: class_(**row), class_=class_)

    def _named_tuple(self, class_: Any, args: tuple[Any, ...]) -> Cell:
        hints = hints_of(class_, args)
        cells = self._fields({name: hints.get(name, Any) for name in class_._fields})
        return Record(
            class_.__name__,
            cells,
            cells.keys() - class_._field_defaults.keys(),
            lambda row: class_(**row),
            class_=class_,
            by_position=True,
        )

    def _fields(self, hints: dict[str, Any]) -> dict[str, Cell]:
        return {name: self.cell(hint) for name, hint in hints.items()}


_Form = Callable[[_Compiler, tuple[Any, ...]], Cell]

_FORMS: dict[Any, _Form] = {
    Union: _Compiler.union_,
    types.UnionType: _Compiler.union_,
    Literal: _Compiler.literal_,
    list: _Compiler.list_,
    abc.Sequence: _Compiler.list_,
    abc.MutableSequence: _Compiler.list_,
    abc.Collection: _Compiler.list_,
    abc.Iterable: _Compiler.list_,
    set: _Compiler.set_,
    abc.Set: _Compiler.set_,
    abc.MutableSet: _Compiler.set_,
    frozenset: _Compiler.frozenset_,
    tuple: _Compiler.tuple_,
    dict: _Compiler.dict_,
    abc.Mapping: _Compiler.dict_,
    abc.MutableMapping: _Compiler.dict_,
}
"""The generic forms, by the origin of the annotation, each from its arguments."""


def _refused(annotation: Any) -> RowTypeError:
    is_name = isinstance(annotation, (str, ForwardRef))
    return RowTypeError(
        f"{shown(annotation)} is not a row type; expected a TypedDict, a dataclass, a NamedTuple, "
        "a pydantic model or TypeAdapter, an Enum, a scalar such as int, or list, dict, set, "
        f"tuple, Literal or a union of these{', got the name of a type' * is_name}"
    )


def _adapter_class(annotation: Any) -> Any:
    """Return the TypeAdapter of pydantic, for checks that only pydantic has."""
    try:
        return import_module("pydantic").TypeAdapter
    except ImportError:
        raise RowTypeError(
            f"{shown(annotation)} needs pydantic; add it to the packages of the Worker"
        ) from None


def _live(class_: Any, annotation: Any) -> Cell:
    """Return the cell of a live object. It is not loaded: it must be there already.

    RPC passes a stub in place of an RpcTarget. The stub learns its type.
    """
    is_elsewhere = hasattr(class_, "__passed_by_reference__") or hasattr(class_, "__as__")

    def convert(value: Any) -> Any:
        if is_elsewhere and hasattr(class_of(value), "__as__"):
            return value.__as__(annotation)
        return value if isinstance(value, class_) else cell.refuse(value)

    cell = Cell(class_.__name__, (), convert)
    return cell


def _no_more(value: Any) -> Any:
    raise Mismatch("expected no key of this name (the TypedDict is closed)")


_NO_MORE_KEYS = Cell("no more keys", (), _no_more)
