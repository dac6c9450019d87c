"""Random pairs of annotation and value: the loader of row types against pydantic.

Both load the same value as the same annotation. Loading ends in a value or in a RowError. Where
pydantic's lax mode ends otherwise, one of ``DECISIONS`` explains it; docs/loading.md lists them.
"""

from __future__ import annotations

import dataclasses
import math
import time as clock
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from random import Random
from types import UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import typing_extensions
from pydantic import BaseModel, Field, RootModel, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

from pyworkers_sdk import RowError, RowTypeError
from pyworkers_sdk._row_types import load

T = TypeVar("T")
UserId = NewType("UserId", int)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 3


class Mode(StrEnum):
    FAST = "fast"


class Mixed(Enum):
    ONE = 1
    TEXT = "one"
    HALF = 0.5
    NOTHING = None


class Pair(NamedTuple):
    first: int
    second: str = ""


class Address(typing_extensions.TypedDict):
    city: str
    floor: typing_extensions.NotRequired[int | None]


@dataclass(kw_only=True)
class User:
    id: int
    name: str | None = None
    addresses: list[Address] = field(default_factory=list)
    upper: str = field(init=False, default="")


@dataclass
class Picky:
    age: int

    def __post_init__(self) -> None:
        if self.age < 0:
            raise ValueError("an age is not negative")
        if self.age > 150:
            raise KeyError(self.age)


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)


class Page(typing_extensions.TypedDict, Generic[T]):
    items: list[T]


@dataclass
class Box(Generic[T]):
    content: T


class Aliased(BaseModel):
    number: int = Field(alias="theNumber")


class Model(BaseModel):
    id: int
    tags: list[str] = []


class Root(RootModel[list[int]]):
    pass


@pydantic_dataclass
class Checked:
    x: int


class Plain:
    """A class that cannot be loaded."""


SCALARS: list[Any] = [int, float, bool, str, bytes, None, Any, object]
SCALARS += [datetime, date, time, timedelta, UUID, Decimal]
NAMED: list[Any] = [Colour, Level, Mode, Mixed, UserId, Pair, Address, User, Picky, Tree]
NAMED += [Aliased, Model]
NAMED += [Root, Checked, Literal["a", 2], Literal[True, None], Literal[Colour.RED, 1], tuple[()]]
NAMED += [Annotated[int, Field(gt=0)], Annotated[str, "a comment"]]
NAMED += [Annotated[list[int], Field(max_length=2)]]
REFUSED: list[Any] = [Plain, complex, Callable[[], int], type[int], "User", 3, print, bytearray]


def annotation(random: Random, depth: int = 3) -> Any:
    """Return a random annotation."""
    choice = random.random()
    if depth == 0 or choice < 0.3:
        return random.choice(SCALARS)
    if choice < 0.5:
        return random.choice(NAMED)
    if choice < 0.51:
        return random.choice(REFUSED)

    def inner() -> Any:
        return annotation(random, depth - 1)

    return random.choice(COMPOSED)(random, inner)


def _record(random: Random, inner: Callable[[], Any]) -> Any:
    names = random.sample(["a", "b", "c", "id", "name"], random.randrange(1, 4))
    if random.random() < 0.5:
        fields: Any = {
            name: typing_extensions.NotRequired[inner()] if random.random() < 0.3 else inner()
            for name in names
        }
        return typing_extensions.TypedDict("Fields", fields)  # type: ignore[operator]
    return dataclasses.make_dataclass("Fields", [(name, inner()) for name in names])


def _of(form: Any, *args: Any) -> Any:
    return form[args if len(args) > 1 else args[0]]


KEY_TYPES: list[Any] = [int, float, UUID, date, Colour, UserId]

COMPOSED: list[Callable[[Random, Callable[[], Any]], Any]] = [
    lambda random, inner: _of(list, inner()),
    lambda random, inner: _of(list, inner()),
    lambda random, inner: _of(set, inner()),
    lambda random, inner: _of(frozenset, inner()),
    lambda random, inner: _of(tuple, inner(), ...),
    lambda random, inner: _of(tuple, inner(), inner()),
    lambda random, inner: _of(dict, str, inner()),
    lambda random, inner: _of(dict, random.choice(KEY_TYPES), inner()),
    lambda random, inner: _of(Mapping, str, inner()),
    lambda random, inner: _of(Sequence, inner()),
    lambda random, inner: _of(Optional, inner()),
    lambda random, inner: _of(Union, inner(), inner()),
    lambda random, inner: _of(Union, inner(), inner(), inner()),
    lambda random, inner: _of(Page, inner()),
    lambda random, inner: _of(Box, inner()),
    _record,
    _record,
]

# Values ------------------------------------------------------------------------------------------

TEXTS = ["", "a", "red", "one", "fast", "1", "-3", "2.0", "1e3", "true", "yes", "é", "\ud800", "\0"]
TEXTS += [
    "2026-01-02",
    "2026-01-02T03:04:05Z",
    "2026-01-02 03:04:05",
    "2026-01-02T03:04:05.5+02:00",
]
TEXTS += ["03:04:05", "03:04", "20260102", "2026-W01-1", "2026-13-01", "PT1H30M", "P1D", "-PT5S"]
TEXTS += [
    "1:30:00",
    "00000000-0000-0000-0000-000000000001",
    "{00000000-0000-0000-0000-00000000000f}",
]
TEXTS += [
    "1.10",
    "NaN",
    "Infinity",
    " 1 ",
    "1_000",
    "x" * 5000,
    "9" * 5000,
    "0001-01-01T00:00:00+05:00",
]
NUMBERS = [0, 1, 2, 3, -1, 151, 2**53, 2**63, -(2**64), 10**30, 10**400, 1e3, 1.5, 2.0, 0.5, -0.0]
NUMBERS += [1e300, 1e16, math.inf, -math.inf, math.nan, True, False]
OTHERS = [None, b"a", b"", b"\xff", datetime(2026, 1, 2, tzinfo=timezone.utc), {1, "a"}, set[Any]()]
KEYS = ["a", "b", "c", "id", "name", "items", "content", "city", "floor", "first", "second", "age"]
KEYS += [
    "value",
    "children",
    "x",
    "tags",
    "addresses",
    "1",
    "2.5",
    "red",
    "",
    "__proto__",
    "\ud800",
]


def anything(random: Random, depth: int = 3) -> Any:
    """Return a random value, as JSON or structured clone delivers it."""
    choice = random.random()
    if depth and choice < 0.2:
        return [anything(random, depth - 1) for _ in range(random.randrange(4))]
    if depth and choice < 0.4:
        return {
            random.choice(KEYS): anything(random, depth - 1) for _ in range(random.randrange(4))
        }
    leaves: list[list[Any]] = [TEXTS, NUMBERS, OTHERS]
    return random.choice(random.choice(leaves))


def value_for(random: Random, kind: Any, depth: int = 6) -> Any:
    """Return a value that an annotation often accepts."""
    if depth == 0 or random.random() < 0.12:
        return anything(random)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return value_for(random, args[0], depth)
    if origin in (Union, UnionType):
        return value_for(random, random.choice(args), depth)
    if origin is Literal:
        member = random.choice(args)
        return member.value if isinstance(member, Enum) else member
    if hasattr(kind, "__supertype__"):
        return value_for(random, kind.__supertype__, depth)
    hints = fields_of(kind)
    if hints is not None:
        return {
            name: value_for(random, hint, depth - 1)
            for name, hint in hints.items()
            if random.random() < 0.95
        }
    if origin in (dict, Mapping):
        return {
            _key(random, args[0]): value_for(random, args[1], depth - 1)
            for _ in range(random.randrange(3))
        }
    if origin is tuple and args[-1:] != (Ellipsis,):
        return [value_for(random, arg, depth - 1) for arg in args]
    if origin in ITEMS:
        return [value_for(random, args[0], depth - 1) for _ in range(random.randrange(3))]
    if isinstance(kind, type) and issubclass(kind, Enum):
        members: list[Any] = [*kind]
        return random.choice(members).value
    if kind is Root:
        return [random.choice(NUMBERS)]
    likely: list[Any] = LIKELY.get(kind, [*TEXTS, *NUMBERS])
    return random.choice(likely)


LIKELY: dict[Any, list[Any]] = {
    int: NUMBERS,
    float: NUMBERS,
    bool: [True, False, 0, 1, 2, 1.0, "true"],
    str: TEXTS,
    bytes: [b"a", b"", "a"],
    None: [None],
    datetime: [*TEXTS[14:22], OTHERS[4], 0],
    date: [*TEXTS[14:22], OTHERS[4], 0],
    time: [*TEXTS[14:22], 0],
    timedelta: [*TEXTS[20:27], 0, 1.5, 1e300, math.nan],
    UUID: [*TEXTS[26:28], "x"],
    Decimal: ["1.10", "1", 1, 1.5, "NaN", " 1 ", "1_000"],
}


ITEMS = {list, set, frozenset, tuple, Sequence}


def _key(random: Random, kind: Any) -> Any:
    keys: dict[Any, list[str]] = {int: ["1", "01", "2.0"], float: ["1", "1.5"], Colour: ["red"]}
    keys |= {UUID: TEXTS[26:28], date: ["2026-01-02"], UserId: ["1"]}
    return random.choice([*keys.get(kind, KEYS), random.choice(KEYS)])


def fields_of(kind: Any) -> dict[str, Any] | None:
    """Return the fields of an annotation that is loaded from an object, or None."""
    class_ = get_origin(kind) or kind
    if not isinstance(class_, type) or class_ is Root or issubclass(class_, Enum):
        return None
    try:
        hints = _hints_of(class_)
    except NameError:  # the annotation "User" in a class that was made of it
        hints = None
    if hints is None:
        return None
    [argument] = get_args(kind) or (None,)
    return {name: _with(hint, argument) for name, hint in hints.items()}


def _hints_of(class_: Any) -> dict[str, Any] | None:
    if typing_extensions.is_typeddict(class_):
        hints = get_type_hints(class_, include_extras=True)
        hints = {
            name: get_args(hint)[0] if get_origin(hint) is typing_extensions.NotRequired else hint
            for name, hint in hints.items()
        }
    elif dataclasses.is_dataclass(class_):
        known = get_type_hints(class_, include_extras=True)
        hints = {one.name: known[one.name] for one in dataclasses.fields(class_) if one.init}
    elif issubclass(class_, (BaseModel, Pair)):
        hints = get_type_hints(class_)
        hints = {name: hint for name, hint in hints.items() if not name.startswith("model_")}
    else:
        return None
    return hints


def _with(hint: Any, argument: Any) -> Any:
    if hint is T:
        return argument
    return hint[argument] if getattr(hint, "__parameters__", ()) else hint


# Results -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """The end of a load: a value as text with its types, or the name of an error."""

    shown: str
    is_value: bool


ROW_ERROR, NOT_A_TYPE, NO_SCHEMA, ESCAPED = (
    Result(text, False) for text in ("an error", "not a row type", "no schema", "an exception")
)


LONGEST_MESSAGE = 5000


def ours(kind: Any, value: Any) -> Result:
    try:
        return Result(shown(load(kind, value, "value")), True)
    except RowTypeError:
        return NOT_A_TYPE
    except RowError as error:
        return ROW_ERROR if len(str(error)) < LONGEST_MESSAGE else Result(str(error), False)


_ADAPTERS: dict[str, Any] = {}


def adapter(kind: Any) -> Any:
    """Return pydantic's adapter of an annotation, or None if it has no schema for it."""
    key = f"{kind!r} {id(kind)}"
    if key not in _ADAPTERS:
        if len(_ADAPTERS) > 500:
            _ADAPTERS.clear()
        try:
            made: Any = TypeAdapter(kind)
        except Exception:
            made = None
        _ADAPTERS[key] = (kind, made)
    return _ADAPTERS[key][1]


def theirs(kind: Any, value: Any) -> Result:
    validator = adapter(kind)
    if validator is None:
        return NO_SCHEMA
    try:
        return Result(shown(validator.validate_python(value)), True)
    except ValidationError:
        return ROW_ERROR
    except Exception:  # of __post_init__
        return ESCAPED


def shown(value: Any) -> str:
    """Return a value as text, with the types of its parts."""
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, datetime):
        return f"datetime {value.isoformat()}"
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__} {sorted(map(shown, value))}"
    if isinstance(value, dict):
        return f"dict {[(shown(key), shown(item)) for key, item in value.items()]}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} {list(map(shown, value))}"
    if dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return f"{type(value).__name__} {shown(fields)}"
    if isinstance(value, BaseModel):
        return f"{type(value).__name__} {shown(vars(value))}"
    if isinstance(value, time):
        return f"time {value.isoformat()}"
    return f"{type(value).__name__} {value!r}"


# Decisions ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """A difference on purpose: the annotation and the value that it is about, and both results."""

    kind: str
    value: str
    ours: str
    pydantic: str
    example: tuple[Any, Any] = field(compare=False)
    explains: Callable[[Any, Any, Result, Result], bool] = field(compare=False)


def parts(kind: Any, value: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of annotation and value inside a pair."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return [(args[0], value)]
    if hasattr(kind, "__supertype__"):
        return [(kind.__supertype__, value)]
    if origin in (Union, UnionType):
        return [(arg, value) for arg in args]
    hints = fields_of(kind)
    if hints is not None:
        if isinstance(value, dict):
            return [(hint, value[name]) for name, hint in hints.items() if name in value]
        items: list[Any] = value if isinstance(value, list) else []
        return list(zip(hints.values(), items, strict=False))
    if origin in (dict, Mapping) and isinstance(value, dict):
        members: dict[Any, Any] = value
        return [(args[1], item) for item in members.values()]
    if origin in ITEMS and isinstance(value, (list, tuple, set, frozenset)):
        listed: list[Any] = [*value]
        if origin is tuple and args[-1:] != (Ellipsis,):
            return list(zip(args, listed, strict=False))
        return [(args[0], item) for item in listed]
    return []


class Unexplained(AssertionError):
    """A difference that no decision explains."""


def explanations(kind: Any, value: Any) -> set[Decision]:
    """Return the decisions by which both results of a pair differ; none if they are equal."""
    own, other = ours(kind, value), theirs(kind, value)
    if own == other or other is NO_SCHEMA or own is NOT_A_TYPE:
        return set()
    inside: set[Decision] = set()
    for part_kind, part in parts(kind, value):
        inside |= explanations(part_kind, part)
    here = {one for one in DECISIONS if one.explains(kind, value, own, other)}
    if not (inside or here):
        raise Unexplained(
            f"load({kind!r}, {value!r:.300}): {own.shown[:300]}; pydantic: {other.shown[:300]}"
        )
    return inside or here


def of(
    kinds: tuple[Any, ...],
    types: tuple[Any, ...],
    *,
    ours: bool = False,
    when: Callable[[Any], bool] = lambda value: True,
) -> Callable[[Any, Any, Result, Result], bool]:
    """Return a test for annotations of these kinds and values of these types.

    Args:
        kinds: The annotations, or their origins.
        types: The types of the value.
        ours: Whether the loader takes the value and pydantic refuses it; else it is the reverse.
        when: A further test of the value.
    """

    def explains(kind: Any, value: Any, own: Result, other: Result) -> bool:
        return (
            any(kind is one or get_origin(kind) is one for one in kinds)
            and type(value) in types
            and own.is_value is ours
            and other.is_value is not ours
            and when(value)
        )

    return explains


def _is_text_of_number(value: Any) -> bool:
    try:
        return float(value) is not None
    except ValueError:
        return False


NAIVE_TEXT = "2026-01-02 03:04:05"

DECISIONS = [
    Decision(
        "`int`", '`True`, `"3"`, `b"3"`', "refused", "converted",
        (int, "3"), of((int,), (bool, str, bytes)),
    ),
    Decision(
        "`float`", '`True`, `"1.5"`, `b"1"`', "refused", "converted",
        (float, "1.5"), of((float,), (bool, str, bytes)),
    ),
    Decision(
        "`bool`", '`"true"`, `1.0`, `b"1"`', "refused", "converted",
        (bool, "true"), of((bool,), (str, float, bytes)),
    ),
    Decision("`str`", '`b"a"`', "refused", "decoded", (str, b"a"), of((str,), (bytes,))),
    Decision("`bytes`", '`"a"`', "refused", "encoded", (bytes, "a"), of((bytes,), (str,))),
    Decision(
        "`datetime`", "text without an offset", "UTC, as SQL writes it", "a naive datetime",
        (datetime, NAIVE_TEXT),
        lambda kind, value, own, other: kind is datetime and own.shown == f"{other.shown}+00:00",
    ),
    Decision(
        "`datetime`, `date`, `time`", "numbers, text of numbers, other forms of ISO 8601",
        "refused", "a number is seconds since 1970",
        (datetime, 0), of((datetime, date, time), (int, float, bool, str, bytes)),
    ),
    Decision(
        "`date`", "a `datetime`", "refused", "the date, at midnight",
        (date, datetime(2026, 1, 2, tzinfo=timezone.utc)), of((date,), (datetime,)),
    ),
    Decision(
        "`timedelta`", '`"1:30:00"`, `True`, bytes', "refused", "converted",
        (timedelta, "1:30:00"), of((timedelta,), (str, bool, bytes)),
    ),
    Decision(
        "`Decimal`", "`1.5`, `True`", "refused, since a float is not exact", "converted",
        (Decimal, 1.5), of((Decimal,), (float, bool)),
    ),
    Decision(
        "TypedDict", "an object with more keys", "keeps them", "drops them",
        (Page[int], {"items": [], "more": 1}),
        lambda kind, value, own, other: (
            typing_extensions.is_typeddict(get_origin(kind) or kind)
            and own.is_value and other.is_value
            and not value.keys() <= (fields_of(kind) or {}).keys()
        ),
    ),
    Decision(
        "NamedTuple", "an object with more keys", "ignores them, as a dataclass does", "refused",
        (Pair, {"first": 1, "more": 1}),
        of((Pair,), (dict,), ours=True, when=lambda value: not value.keys() <= {*Pair._fields}),
    ),
    Decision(
        "`list`, `tuple`, `Sequence`", "a set", "refused, since it has no order", "its items",
        (list[int], {1}), of((list, tuple, Sequence, Pair), (set,)),
    ),
    Decision(
        "`Sequence[str]`", '`"text"`', "refused", "the text",
        (Sequence[Any], "text"), of((list, tuple, Sequence), (str, bytes)),
    ),
    Decision(
        "an Enum", "text for a number, `1.0`, `True`", "refused", "converted",
        (Level, "1"),
        lambda kind, value, own, other: (
            isinstance(kind, type) and issubclass(kind, Enum)
            and type(value) in (str, float, bool) and not own.is_value
        ),
    ),
    Decision(
        "`Literal[2]`", "`2.0`, `True`", "refused", "the member",
        (Literal["a", 2], 2.0), of((Literal,), (float, bool)),
    ),
    Decision(
        "`Literal[Colour.RED]`", '`"red"`', "the member", "refused",
        (Literal[Colour.RED, 1], "red"), of((Literal,), (str, int), ours=True),
    ),
    Decision(
        "`dict[int, …]`", 'the keys `"01"`, `"2.0"`, `" 1 "`', "refused", "converted",
        (dict[int, int], {"01": 1}),
        of((dict,), (dict,), when=lambda value: any(map(_is_text_of_number, value))),
    ),
    Decision(
        "a union", "a value that several members load",
        "the first of them, or the one that knows most keys; `Any` is the last", "smart mode",
        (datetime | list[bool] | Any, [1]),
        lambda kind, value, own, other: (
            get_origin(kind) in (Union, UnionType) and own.is_value and other.is_value
        ),
    ),
    Decision(
        "a dataclass", "an object with an unknown key that is a lone surrogate",
        "ignores it, as other unknown keys", "refused", (Picky, {"age": 1, "\ud800": 2}),
        lambda kind, value, own, other: (
            dataclasses.is_dataclass(get_origin(kind) or kind)
            and type(value) is dict and "\ud800" in value and own.is_value
        ),
    ),
    Decision(
        "a pydantic model with aliases", "an object with the names of the fields",
        "loaded, as a model crosses under these names", "refused",
        (Aliased, {"number": 1}),
        lambda kind, value, own, other: kind is Aliased and own.is_value,
    ),
    Decision(
        "a class", "its constructor raises an exception other than ValueError",
        "a RowError, whose cause is the exception", "the exception escapes",
        (Picky, {"age": 151}), lambda kind, value, own, other: other is ESCAPED,
    ),
]  # fmt: skip


# A run -------------------------------------------------------------------------------------------


@dataclass
class LoadingReport:
    """The figures of a run."""

    seed: int
    pairs: int = 0
    equal: int = 0
    only_ours: int = 0
    refused: int = 0
    decisions: dict[Decision, int] = field(default_factory=dict[Decision, int])
    difference: str | None = None
    seconds: float = 0

    def __str__(self) -> str:
        lines = [
            f"loading: seed {self.seed}, {self.pairs:,} pairs, "
            f"{'a difference' if self.difference else 'no difference'}, {self.seconds:.0f} s",
            f"  {self.equal:,} equal, {self.only_ours:,} without a schema of pydantic, "
            f"{self.refused:,} refused by name",
        ]
        lines += [
            f"  decided, {count:,} times: {one.kind} from {one.value}"
            for one, count in sorted(self.decisions.items(), key=lambda item: -item[1])
        ]
        return "\n".join([*lines, *([self.difference] if self.difference else [])])


VALUES_PER_ANNOTATION = 10


def compare_loading(
    seed: int, *, pairs: int | None = None, seconds: float | None = None
) -> LoadingReport:
    """Load random pairs until their number or the seconds are used up, or one is unexplained."""
    random = Random(seed)
    report = LoadingReport(seed)
    start = clock.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydantic, about fields and values
        while True:
            report.seconds = clock.monotonic() - start
            if report.pairs >= (pairs or math.inf) or report.seconds >= (seconds or math.inf):
                return report
            kind = annotation(random)
            for _ in range(VALUES_PER_ANNOTATION):
                value = value_for(random, kind)
                try:
                    _count(report, kind, value)
                except Exception as error:
                    report.difference = f"{type(error).__name__}: {error}\n  of {kind!r}"
                    return report


def _count(report: LoadingReport, kind: Any, value: Any) -> None:
    report.pairs += 1
    own = ours(kind, value)
    if own is NOT_A_TYPE:
        report.refused += 1
    elif adapter(kind) is None:
        report.only_ours += 1
    else:
        decisions = explanations(kind, value)
        report.equal += not decisions
        for one in decisions:
            report.decisions[one] = report.decisions.get(one, 0) + 1
