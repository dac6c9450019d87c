"""Rules for the conversion of Python values before they cross, shared by both borders.

A set of ``Rules`` maps a type to the function that converts its values: ``JSON`` for everything
that ends as JSON text, ``SQL`` for a bound SQL parameter, and each border's own ``CLONE`` for
structured clone. A type that no table names is classified by its nature: an Enum, a dataclass, a
pydantic model, …. Any other type is refused with the path to the value.
"""

from __future__ import annotations

import array as arrays
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timezone
from enum import Enum
from itertools import accumulate
from math import isfinite
from typing import Any, Literal, SupportsFloat, TypeAlias, TypeVar, cast

from ..errors import ConversionError

T = TypeVar("T")

Rule = Callable[[Any, "Walk"], Any]
RuleTable = dict["type[Any]", Rule]

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that a JavaScript Number holds exactly."""


class Rules:
    """The conversions for one target: JSON text, a SQL parameter or structured clone.

    Args:
        by_type: The rule of each exact type.
        by_reference: The rule of functions and of objects whose methods the other side may call.
            Without it they are refused.
        live: The rule of this package's own objects over a live JavaScript object. Without it
            they are refused by name, unless they are sequences or have named fields.
        keeps_cycles: Whether the target can hold a cycle, as structured clone can.
    """

    __slots__ = ("by_reference", "by_type", "keeps_cycles", "live")

    def __init__(
        self,
        by_type: RuleTable,
        *,
        by_reference: Rule | None = None,
        live: Rule | None = None,
        keeps_cycles: bool = False,
    ) -> None:
        self.by_type = by_type
        self.by_reference = by_reference
        self.live = live
        self.keeps_cycles = keeps_cycles

    def extended(
        self, by_type: RuleTable, *, by_reference: Rule | None = None, live: Rule | None = None
    ) -> Rules:
        """Return a copy with the rules passed in place of the own ones."""
        return Rules(
            {**self.by_type, **by_type},
            by_reference=by_reference or self.by_reference,
            live=live or self.live,
            keeps_cycles=self.keeps_cycles,
        )


class Refused(Exception):
    """Raised inside a walk: the reason, and the path to the refused value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.path = ""

    def below(self, step: str) -> Refused:
        """Put one more step before the path, and return self."""
        self.path = step + self.path
        return self


class Walk:
    """A conversion in progress: its rules, and the containers that it has visited."""

    __slots__ = ("cyclic", "done", "open", "rules")

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.open: set[int] = set()
        self.done: dict[int, tuple[Any, Any]] = {}
        self.cyclic = False

    def value(self, value: Any) -> Any:
        """Convert a value.

        A method, and not ``__call__``: that would pass through C, and each level of a value would
        use the stack of WebAssembly. On Pyodide 314 in Node, 250 levels overflowed it so.
        """
        cls = class_of(value)
        rule = self.rules.by_type.get(cls) or _rule_for(cls, self.rules)
        return rule(value, self)

    def entered(self, value: Any, target: Any) -> Any:
        """Enter a container that is converted into ``target``, or return its earlier copy.

        Raises:
            Refused: The value contains itself, and the walk's target cannot hold a cycle; or it is
                nested too deeply.
        """
        key = id(value)
        keeps_cycles = self.rules.keeps_cycles
        if key in self.open:
            if not keeps_cycles:
                raise Refused("the value contains itself; JSON cannot represent a cycle")
            self.cyclic = True
        if key in self.done:
            return self.done[key][1]
        if len(self.open) >= MAX_WRITTEN_DEPTH:
            raise TooDeep
        if keeps_cycles:
            # With the source: the fields of a dataclass or of a model are a dict that lives no
            # longer than its conversion, and Python would soon reuse its id for the next one.
            self.done[key] = (value, target)
        self.open.add(key)
        return None


class TooDeep(Exception):
    """Raised inside a walk: the value has too many levels. A path to it would be too long."""


def convert(value: Any, name: str, rules: Rules) -> Any:
    """Convert a value by ``rules``.

    Raises:
        ConversionError: The value, or one inside it, cannot cross. The message begins with its
            place, such as ``name[2].price``.
    """
    return walked(value, name, Walk(rules))


def convert_each(values: Iterable[Any], name: str, rules: Rules) -> list[Any]:
    """Convert each of ``values``; the place in an error is ``name[2]``."""
    walk = Walk(rules)
    converted: list[Any] = []
    try:
        for value in values:
            converted.append(walk.value(value))
    except Refused as refused:
        raise ConversionError(f"{name}[{len(converted)}]{refused.path}: {refused.reason}") from None
    except (TooDeep, RecursionError):
        raise _too_deep(f"{name}[{len(converted)}]") from None
    return converted


def walked(value: Any, name: str, walk: Walk) -> Any:
    """Convert a value by a walk of the caller, who can then ask it whether there was a cycle."""
    try:
        return walk.value(value)
    except Refused as refused:
        raise ConversionError(f"{name}{refused.path}: {refused.reason}") from None
    except (TooDeep, RecursionError):
        raise _too_deep(name) from None


def _too_deep(name: str) -> ConversionError:
    return ConversionError(
        f"{name}: the value is nested too deeply; at most {MAX_WRITTEN_DEPTH} levels can cross"
    )


def dumps(value: Any, name: str = "value", rules: Rules | None = None) -> str:
    """Return a value as compact JSON text.

    Args:
        value: The value.
        name: The place of the value, with which an error begins.
        rules: ``JSON_TEXT`` for text that stays text. By default the text may become a value of
            JavaScript, so an integer must be exact there.

    Raises:
        ConversionError: JSON cannot represent the value, or one inside it; the message has the
            path.
    """
    plain = convert(value, name, rules or JSON)
    try:
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:  # the caller is deep itself
        raise _too_deep(name) from None
    except ValueError:  # Python's own limit
        raise ConversionError(f"{name}: an integer has too many digits") from None


def loads(text: str, hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Parse JSON text.

    Args:
        text: The JSON text.
        hook: Returns the replacement of each parsed object.

    Raises:
        ValueError: JavaScript's ``JSON.parse`` refuses the text too, or it has more than
            ``MAX_DEPTH`` levels.
    """
    # A JSON text cannot be deeper than it has opening brackets: count those first, it is cheap.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"the JSON text has more than {MAX_DEPTH:,} levels")
    try:
        return json.loads(text, parse_constant=_not_json, object_hook=hook)
    except RecursionError:  # below MAX_DEPTH where the caller is deep itself, or Python is 3.11
        raise ValueError("the JSON text is nested too deeply") from None


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


MAX_DEPTH = 1000
"""The most levels of JSON that are parsed.

Some thousands overflow Pyodide's stack. That does not raise RecursionError there: it ends the whole
isolate, and no client of a Worker may be able to cause that.
"""

MAX_WRITTEN_DEPTH = 400
"""The most levels of a value that is converted, by a function that calls itself for each level.

Python allows 1,000 nested calls, and the calls of the Worker count too.
"""

_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())


def _depth(text: str) -> int:
    """Return how deep JSON text nests, by its brackets outside strings."""
    unescaped = text.replace("\\\\", "").replace('\\"', "").encode(errors="replace")
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def in_order(fields: dict[str, Any]) -> dict[str, Any]:
    """Sort a dict's keys in place into the order of a JavaScript object, and return it.

    Array indices come first, ascending; the other keys keep their order.
    """
    if indices := sorted(filter(is_index, fields), key=int):
        for key in [*indices, *(key for key in fields if not is_index(key))]:
            fields[key] = fields.pop(key)
    return fields


def is_index(key: str) -> bool:
    """Return True if JavaScript takes a key for an array index."""
    return re.fullmatch("0|[1-9][0-9]{0,9}", key) is not None and int(key) < 2**32 - 1


def result_of(function: Any) -> str:
    """Return the name that an error gives to a function's result."""
    name = getattr(function, "__name__", None)
    return "the result" if name is None else f"the result of {name}()"


def expected(place: str, wanted: str, value: object, hint: str = "") -> ConversionError:
    """Return the error "place: expected wanted, got the type of value; hint".

    The hint is replaced if the value itself shows the slip: a coroutine, a generator, a file, ….
    """
    from .hints import described, hint_for  # only errors need them

    got = described(value)
    hint = hint_for(value, wanted, hint)
    return ConversionError(f"{place}: expected {wanted}, got {got}{hint and '; '}{hint}")


def unknown(place: str, name: object, known: Sequence[str]) -> ConversionError:
    """Return the error "place: expected one of known, got name", with the most similar name."""
    from .._spelling import did_you_mean  # only errors need it

    names = ", ".join(map(repr, known))
    hint = did_you_mean(name, known)
    return ConversionError(f"{place}: expected one of {names}, got {name!r}{hint}")


def bytes_of_chunk(chunk: Any) -> memoryview:
    """Return the bytes of a chunk that the source of a stream yields.

    Raises:
        ConversionError: The chunk is not bytes.
    """
    try:
        return memoryview(chunk).cast("B")
    except TypeError:
        advice = "yield text.encode()" if isinstance(chunk, str) else "yield bytes"
        raise expected("a chunk of a body", "bytes", chunk, advice) from None


def text(value: Any, name: str) -> str:
    """Return text that can cross: ``value`` itself, or the str of a subclass.

    Raises:
        ConversionError: The value is not a str, or it has a lone surrogate. The message begins
            with ``name``.
    """
    if not isinstance(value, str):
        raise expected(name, "str", value)
    plain = value if class_of(value) is str else str.__str__(value)
    if not plain.isascii() and not _is_utf8(plain):
        raise ConversionError(f"{name}: {_SURROGATE}")
    return plain


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # it holds the text, so it must not be the context of an error
        return False
    return True


def count(value: Any, name: str) -> Any:
    """Return a number that can cross, or None: ``value`` itself, or the base of a subclass.

    Raises:
        ConversionError: The value is not a number, or outside the safe integers. The message
            begins with ``name``.
    """
    if value is None:
        return None
    if isinstance(value, float):
        return float.__float__(value)
    if not isinstance(value, int):
        raise expected(name, "int", value)
    return convert(value, name, JSON)  # a larger integer would arrive as a BigInt


def floats(value: Any, name: str) -> arrays.array[float]:
    """Return an array of 32-bit floats with the numbers of any sequence or buffer.

    Raises:
        ConversionError: The value is bytes, or does not consist of numbers.
    """
    if isinstance(value, (bytes, bytearray)):  # the format of the numbers in them is unknown
        raise expected(name, "numbers", value, "make an array of them first")
    try:
        return arrays.array("f", value)
    except (TypeError, ValueError, NotImplementedError):
        raise ConversionError(f"{name}: expected numbers, got {_kind_of_numbers(value)}") from None


def _kind_of_numbers(value: Any) -> str:
    type_name = type(value).__name__
    if isinstance(value, (list, tuple)):
        for index, number in enumerate(cast("list[Any]", value)):
            if not isinstance(number, SupportsFloat):
                return f"{type_name} with {type(number).__name__} at [{index}]"
    return type_name


# Leaves. Each takes (value, walk) and returns the value that crosses.

_SURROGATE = "the text has a lone surrogate; neither UTF-8 nor JavaScript can carry it"


def same(value: Any, walk: Walk) -> Any:
    return value


def safe_text(value: str, walk: Walk) -> str:
    if not value.isascii() and not _is_utf8(value):
        raise Refused(_SURROGATE)
    return value


def safe_int(value: int, walk: Walk) -> int:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    raise Refused("the integer is outside ±(2**53 - 1), the range of exact JavaScript numbers")


def number(value: int, walk: Walk | None) -> int | float:
    """Return the safe integers at both ends of their range as floats, others unchanged.

    Pyodide makes a BigInt of ±(2**53 - 1) already; as a float it stays a Number.
    """
    return float(value) if abs(value) == MAX_SAFE_INTEGER else value


def safe_number(value: int, walk: Walk) -> int | float:
    return number(safe_int(value, walk), walk)


def finite(value: float, walk: Walk) -> float:
    if isfinite(value):
        return value
    raise Refused(f"{value} is neither JSON nor SQL")


def iso_datetime(value: datetime, walk: Walk) -> str:
    return utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(value: datetime) -> datetime:
    """Return an aware datetime in UTC and in whole milliseconds.

    Raises:
        Refused: The datetime is naive, or UTC has no such year.
    """
    if type(value) not in _BASES:
        value = _base_datetime(value)
    if value.utcoffset() is None:
        raise Refused(_NAIVE)
    try:
        value = value.astimezone(timezone.utc)
    except OverflowError:
        raise Refused("the datetime is outside of the years 1 to 9999 in UTC") from None
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


_NAIVE = (
    "expected an aware datetime, got a naive one; "
    "write datetime.now(timezone.utc), .replace(tzinfo=timezone.utc) or .astimezone()"
)


def aware(value: Any, name: str) -> datetime:
    """Return a datetime in UTC and in whole milliseconds, for a place that is not in a walk.

    Raises:
        ConversionError: The value is not a datetime, or it is naive. The message begins with
            ``name``.
    """
    if not isinstance(value, datetime):
        raise expected(name, "datetime", value)
    try:
        return utc(value)
    except Refused as refused:
        raise ConversionError(f"{name}: {refused.reason}") from None


def iso_date(value: date | time, walk: Walk) -> str:
    return value.isoformat()


def as_bytes(value: Any, walk: Walk) -> bytes:
    return bytes(value)


# Subclasses of built-in types: each crosses as its base, whatever its own methods do. Pyodide's
# to_js would do so with text and numbers only, and makes a proxy of every other object.


def _base_datetime(value: Any) -> Any:
    # The classes themselves, since freezegun replaces every global that is one of them.
    cls = _TIMES[0]
    try:
        return cls(*_parts(value, _DATE), *_parts(value, _TIME), value.tzinfo, fold=value.fold)
    except (TypeError, ValueError):  # the NaT of pandas is a datetime without a year
        raise Refused(f"{value} is not a time") from None


def _base_date(value: Any) -> Any:
    return _TIMES[1](*_parts(value, _DATE))


def _base_time(value: Any) -> Any:
    return _TIMES[2](*_parts(value, _TIME), value.tzinfo, fold=value.fold)


def _parts(value: Any, names: tuple[str, ...]) -> list[Any]:
    return [getattr(value, name) for name in names]


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond")
_TIMES: Any = (datetime, date, time)

_BASES: dict[type[Any], Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: bytes.__bytes__,
    datetime: _base_datetime,
    date: _base_date,
    time: _base_time,
}
"""By base: the function that returns an instance of a subclass as its base."""


def base(value: Any) -> Any:
    """Return an instance of a subclass of a built-in type as its base; other values unchanged."""
    cls = class_of(value)
    if cls not in _BASES:
        for parent in cls.__mro__:
            if parent in _BASES:
                return _BASES[parent](value)
    return value


# Containers. A step of the path is added only when something below was refused: a path that is
# built on the way down would cost every conversion.


def array(value: Any, walk: Walk) -> Any:
    items: list[Any] = []
    earlier = walk.entered(value, items)
    if earlier is not None:
        return earlier
    by_type, rules = walk.rules.by_type, walk.rules
    try:
        for item in value:
            cls = class_of(item)
            items.append((by_type.get(cls) or _rule_for(cls, rules))(item, walk))
    except Refused as refused:
        raise refused.below(f"[{len(items)}]") from None
    walk.open.remove(id(value))
    return items


def object_(value: Any, walk: Walk, members: dict[Any, Any] | None = None) -> Any:
    fields: dict[str, Any] = {}
    earlier = walk.entered(value, fields)
    if earlier is not None:
        return earlier
    by_type, rules = walk.rules.by_type, walk.rules
    for key, item in (value if members is None else members).items():
        if not isinstance(key, str):
            raise Refused(f"the key {key!r} is not a str")
        cls = class_of(item)
        try:
            fields[safe_text(str.__str__(key), walk)] = (by_type.get(cls) or _rule_for(cls, rules))(
                item, walk
            )
        except Refused as refused:
            raise refused.below(f".{key}" if key.isidentifier() else f"[{key!r}]") from None
    walk.open.remove(id(value))
    return fields


def set_(value: Any, walk: Walk) -> set[Any]:
    try:
        return {walk.value(item) for item in value}
    except Refused as refused:
        raise refused.below("{}") from None


class_of: Callable[[Any], type[Any]] = type
"""``type(value)``, by which type checkers do not narrow the value."""


# Types that no table names

Nature: TypeAlias = Literal[
    "enum", "fields", "live", "sequence", "model", "text", "numpy scalar", "other"
]


def classify(cls: type[Any]) -> Nature:
    """Return the nature of a class that no table of types names.

    Third-party classes are recognised without importing them: by a method, or by module and name.
    """
    if issubclass(cls, Enum):
        return "enum"
    if _has_named_fields(cls):
        return "fields"
    if hasattr(cls, "js_object"):
        return "live"
    if Sequence in cls.__mro__:  # the rows of D1's result, or of a cursor
        return "sequence"
    if hasattr(cls, "model_dump"):  # a pydantic model, or a class that acts like one
        return "model"
    if (cls.__module__, cls.__name__) in _TEXT:
        return "text"
    if cls.__module__ == "numpy" and hasattr(cls, "item") and not hasattr(cls, "__len__"):
        return "numpy scalar"
    return "other"


_TEXT = {("decimal", "Decimal"), ("uuid", "UUID")}
"""Classes whose values cross as their ``str()``."""


def _has_named_fields(cls: Any) -> bool:
    """Return True for a dataclass, a NamedTuple, and a class with a method ``__crossing__``.

    The last are results of this package that are neither, such as ``R2Object``.
    """
    if hasattr(cls, "__crossing__"):
        return cls.__crossing__ is not None  # None: a subclass with more than fields
    is_tuple = tuple in cls.__mro__
    return hasattr(cls, "_fields" if is_tuple else "__dataclass_fields__")


def _named_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a value under their names in Python."""
    if hasattr(cast("type[Any]", type(value)), "__crossing__"):
        fields: dict[str, Any] = value.__crossing__()
        return fields
    if tuple in type(value).__mro__:
        names: tuple[str, ...] = value._fields
    else:
        # A dataclass exists, so its module is loaded. It lists neither ClassVars nor InitVars.
        names = tuple(field.name for field in sys.modules["dataclasses"].fields(value))
    return {name: getattr(value, name) for name in names}


def _fields(value: Any, walk: Walk) -> Any:
    return object_(value, walk, _named_fields(value))


def _model(value: Any, walk: Walk) -> Any:
    try:
        dumped = value.model_dump(mode="json")
    except RecursionError:
        raise
    except Exception as error:  # a field that is not JSON, or the model's own code
        reason = f"{type(value).__name__} raised {type(error).__name__}: {error}"
        raise Refused(reason) from error
    return walk.value(dumped)


def _item(value: Any, walk: Walk) -> Any:
    item = value.item()
    return _refuse(item, walk) if type(item) is type(value) else walk.value(item)


_BY_NATURE: dict[Nature, Rule] = {
    "enum": lambda value, walk: walk.value(value.value),
    "fields": _fields,
    "model": _model,
    "text": lambda value, walk: str(value),
    "numpy scalar": _item,
}


def _rule_for(cls: type[Any], rules: Rules) -> Rule:
    """Return the rule for a type that is not in ``rules.by_type``."""
    if rules.by_reference is not None and hasattr(cls, "__passed_by_reference__"):
        return rules.by_reference
    if not issubclass(cls, Enum):
        for parent in cls.__mro__[1:-1]:
            if parent in _BASES:
                return _of_base(rules.by_type[parent], _BASES[parent])
    nature = classify(cls)
    if nature == "fields" and rules.by_type[dict] is _NO_NESTING:
        return _NO_NESTING
    if nature == "live" and rules.live is not None:
        return rules.live
    if nature in ("live", "sequence"):
        return rules.by_type[list] if Sequence in cls.__mro__ else _refuse
    if nature != "other":
        return _BY_NATURE[nature]
    for base in cls.__mro__[1:-1]:
        if base in rules.by_type:
            return rules.by_type[base]
    # A class is callable too, but only its instances may cross. The type's own dir(): an instance
    # such as an RPC stub has every attribute.
    if "__call__" in dir(cls) and not issubclass(cls, type):
        return rules.by_reference or _refuse
    return _refuse


def _of_base(rule: Rule, base: Callable[[Any], Any]) -> Rule:
    return lambda value, walk: rule(base(value), walk)


def _refuse(value: Any, walk: Walk) -> Any:
    from .hints import described, hint_for  # only errors need them

    raise uncrossable(described(value), hint_for(value))


def uncrossable(type_name: str, hint: str = "") -> Refused:
    """Return the refusal of a value by the name of its type."""
    from .hints import parts_of  # only errors need them

    article = "an" if type_name[0] in "AEIOaeio" or type_name.startswith("R2") else "a"
    name = type_name if type_name.startswith("the ") else f"{article} {type_name}"
    hint = hint or parts_of(type_name)
    return Refused(f"{name} cannot cross to JavaScript here{hint and '; '}{hint}")


def refuse(reason: str) -> Rule:
    """Return a rule that refuses every value."""

    def rule(value: Any, walk: Walk) -> Any:
        raise Refused(reason)

    return rule


# Tables

_NO_BYTES = refuse("bytes are not JSON; encode them as text first")
_NO_SET = refuse("a set is not JSON; make it a list first")

JSON = Rules(
    {
        type(None): same,
        bool: same,
        int: safe_int,
        float: finite,
        str: safe_text,
        datetime: iso_datetime,
        date: iso_date,
        time: iso_date,
        list: array,
        tuple: array,
        dict: object_,
        bytes: _NO_BYTES,
        bytearray: _NO_BYTES,
        memoryview: _NO_BYTES,
        set: _NO_SET,
        frozenset: _NO_SET,
    }
)

JSON_TEXT = JSON.extended({int: same})
"""JSON text that is never a value of JavaScript here: an integer of any size is exact in it."""

_NO_NESTING = refuse("SQL stores text, numbers, bytes and None; use json.dumps for the rest")

SQL = JSON.extended(
    {
        int: safe_number,
        bytes: same,
        bytearray: as_bytes,
        memoryview: as_bytes,
        list: _NO_NESTING,
        tuple: _NO_NESTING,
        dict: _NO_NESTING,
        set: _NO_NESTING,
        frozenset: _NO_NESTING,
    }
)

# Structured clone, except the leaves that each border converts in its own way (None, bytes,
# datetime, live objects). Only here an integer beyond ±(2**53 - 1) crosses, as a BigInt.
CLONE = Rules(
    {
        bool: same,
        int: number,
        float: same,
        str: safe_text,
        date: iso_date,
        time: iso_date,
        list: array,
        tuple: array,
        dict: object_,
        set: set_,
        frozenset: set_,
    },
    keeps_cycles=True,
)
