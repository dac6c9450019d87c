"""The parts of annotations: type variables, qualifiers, metadata, and the hints of a class."""

from __future__ import annotations

from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

__all__ = [
    "NOTHING",
    "QUALIFIERS",
    "hints_of",
    "is_init_var",
    "is_nothing",
    "is_typed_dict",
    "qualifiers",
    "special_name",
    "substituted",
    "validator_kind",
]

QUALIFIERS = {"Required", "NotRequired", "ReadOnly", "Final"}
"""The special forms around the type of a field."""


def special_name(form: Any) -> str | None:
    """Return the name of a special form of typing, such as "Required"; None for anything else."""
    if getattr(form, "__module__", None) not in ("typing", "typing_extensions"):
        return None
    name: str | None = getattr(form, "_name", None) or getattr(form, "__name__", None)
    return name


def qualifiers(hint: Any) -> set[str]:
    """Return the qualifiers around the type of a key: Required, NotRequired, ReadOnly."""
    names: set[str] = set()
    while True:
        origin = get_origin(hint)
        name = special_name(origin)
        if origin is Annotated:
            hint = hint.__origin__
        elif name in QUALIFIERS:
            names.add(name)
            hint = get_args(hint)[0]
        else:
            return names


class _Nothing:
    """The type of ``NOTHING``."""


NOTHING = _Nothing()
"""The value for a default that does not exist."""


def is_nothing(value: Any) -> bool:
    """Return True for the values that typing has in place of a missing default."""
    return isinstance(value, _Nothing) or repr(value).endswith((".NoDefault", ".NoExtraItems"))


def is_init_var(hint: Any) -> bool:
    return type(hint).__name__ == "InitVar" and type(hint).__module__ == "dataclasses"


def is_typed_dict(class_: Any) -> bool:
    """Return True for a TypedDict, of typing or of typing_extensions."""
    return hasattr(class_, "__required_keys__") and issubclass(class_, dict)


def hints_of(class_: Any, args: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return the annotations of a class, with ``args`` in place of its type variables."""
    raw = _raw_hints(class_)
    if not any(isinstance(hint, TypeVar) or _parameters(hint) for hint in raw.values()):
        return raw
    mapping = dict(zip(getattr(class_, "__parameters__", ()), args))
    hints = {name: substituted(hint, mapping) for name, hint in raw.items()}
    own = cast("dict[str, Any]", vars(class_))
    bases: tuple[Any, ...] = own.get("__orig_bases__", class_.__bases__)
    for base in bases:
        origin: Any = get_origin(base) or base
        if origin is Generic or origin.__module__ in ("builtins", "typing", "typing_extensions"):
            continue
        base_args = tuple(substituted(arg, mapping) for arg in get_args(base))
        inherited, inherited_raw = hints_of(origin, base_args), _raw_hints(origin)
        for name, hint in inherited.items():
            if raw[name] == inherited_raw[name]:  # not declared anew in this class
                hints[name] = hint
    return hints


def _raw_hints(class_: Any) -> dict[str, Any]:
    try:
        return get_type_hints(class_, include_extras=True)
    except NameError:  # perhaps a class inside a function that refers to itself
        local: dict[str, Any] = {**vars(class_), class_.__name__: class_}
        # Python 3.12.1 does not find the type variables of "class Page[T]" in a quoted annotation.
        local.update((one.__name__, one) for one in getattr(class_, "__type_params__", ()))
        return get_type_hints(class_, localns=local, include_extras=True)


def _parameters(hint: Any) -> tuple[Any, ...]:
    if is_init_var(hint):
        hint = hint.type
        if isinstance(hint, TypeVar):
            return (hint,)
    parameters: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    return () if isinstance(hint, type) else parameters


def substituted(hint: Any, mapping: dict[Any, Any]) -> Any:
    """Return an annotation with other types in place of type variables."""
    if isinstance(hint, TypeVar):
        return mapping.get(hint, hint)
    parameters = _parameters(hint)
    if mapping.keys().isdisjoint(parameters):
        return hint
    if is_init_var(hint):
        return type(hint)(substituted(hint.type, mapping))
    return hint[tuple(mapping.get(parameter, parameter) for parameter in parameters)]


# Metadata of Annotated


def validator_kind(item: Any) -> Literal["none", "constraint", "validator"]:
    """Return the effect of an item in the metadata of Annotated."""
    cls: Any = item if isinstance(item, type) else type(item)
    field: Any = item
    library = cls.__module__.partition(".")[0]
    if library == "annotated_types":
        return "constraint"
    if library == "pydantic" and cls.__name__ == "FieldInfo":
        if field.discriminator is not None:
            return "validator"
        kinds = {validator_kind(one) for one in field.metadata}
        return "validator" if "validator" in kinds else "constraint" if kinds else "none"
    is_validator = library in ("pydantic", "pydantic_core")
    return "validator" if is_validator or hasattr(cls, "__get_pydantic_core_schema__") else "none"
