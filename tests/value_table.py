"""docs/how-values-cross.md, written from the case tables of tests/contract/test_border.py.

``scripts/value-table`` writes the page; tests/test_docs.py fails if it is stale.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from tests.contract import test_border as border, test_border_subclasses as subclasses

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-values-cross.md"

INTRO = """# How values cross

A value crosses the border between Python and JavaScript once in each direction. This page is
written by `scripts/value-table` from the case tables of `tests/contract/test_border.py`. Every row
is a check that passes on the fakes (plain CPython) and on Pyodide 0.26.4, 0.28.2 and 314, in Node
and in workerd.

## null, undefined and None

| in Python | direction | in JavaScript |
| --- | --- | --- |
| `None` as a value, at every depth | → | `null` |
| `None` as an option (a keyword of a method) | → | the option is absent |
| `None` at every depth | ← | `null` and `undefined`, also Pyodide's `jsnull` |

Pyodide itself turns `None` into `undefined`, which D1 refuses, and `null` into `None` (0.26) or
`jsnull` (0.28 and later). The border is the only place that knows this: `jsnull` in
`_border/pyodide.py`.

"""

SUBCLASSES = """
## Subclasses

A subclass of a built-in type crosses as its base, in every place, whatever its own methods do:
`markupsafe.Markup`, `numpy.str_`, `pandas.Timestamp`, `pendulum.DateTime`, freezegun's
`FakeDatetime`, bson's `Int64`. An Enum crosses as its value. `UserDict` and pydantic's `SecretStr`
are not subclasses of built-in types, and are refused. The NaT of pandas is refused too.

| a subclass | back in Python |
| --- | --- |
"""

INTEGERS = """
## Integers beyond ±(2^53 - 1)

A Number of JavaScript is exact up to 2^53 - 1. JSON text that Python writes or parses has no limit.

| place | the integer crosses as | beyond the limit |
| --- | --- | --- |
"""
BY_TEXT, BY_NUMBER = "exact", "refused with a ConversionError"
OF_INTEGERS = [
    ("`Response.json(…)`", "text that Python writes", BY_TEXT),
    ("`json()` of a request, a response or an R2 object", "text that Python parses", BY_TEXT),
    ("`KV.get` as JSON or as a row type", "text that Python parses", BY_TEXT),
    ("`json.dumps(…)` as the value of a `put`, or as a message", "text of Python", BY_TEXT),
    ("RPC, storage of Durable Objects, queue bodies of type `v8`", "BigInt", "exact"),
    ("KV metadata, queue bodies of type `json`, inputs of AI models, options", "Number", BY_NUMBER),
    ("a value that is bound in SQL", "Number (REAL in SQL)", BY_NUMBER),
    ("a column of a SQL result", "Number", "rounded by the runtime; `CAST(… AS TEXT)` is exact"),
]

DATETIMES = """
## Datetimes, dates and times

A naive datetime is refused in every place with a ConversionError: on a laptop `datetime.now()` is
local time, and in a Worker it is UTC. `datetime.now(timezone.utc)`,
`.replace(tzinfo=timezone.utc)` and `.astimezone()` make it aware. A `date` and a `time` cross as
ISO 8601 text, without a time zone. A `timedelta` is refused, except in options that are durations.
The datetimes of a pydantic model are text that pydantic writes: it keeps a naive datetime naive.

"""

LIVE = """
## Objects of the runtime

| object | RPC | Workflows, queues, attachments | storage of objects |
| --- | --- | --- | --- |
| `Response`, `Request`, `Headers`, `Blob` | crosses | ConversionError | ConversionError |
| `ReadableStream` | crosses | ConversionError | DataCloneError |
| a service, a stub of a Durable Object | crosses | ConversionError | DataCloneError |
| any other binding, `FormData`, `WebSocket` | DataCloneError | ConversionError | DataCloneError |
| a function, an `RpcTarget` | crosses as a stub | ConversionError | ConversionError |
| an exception | crosses as a value | ConversionError | ConversionError |

A step may return a `ReadableStream` if that is its return annotation: the stream is stored whole.
This package raises the ConversionError, which names the object and its place: "the result of step
'v'.a[0]: a Response cannot cross to JavaScript here". The runtime raises the DataCloneError. JSON
refuses all of these objects by a ConversionError.

## Types over RPC

An argument is loaded as the annotation of its parameter. A result is loaded as the return
annotation if the class of the other side is known: `Service[Auth]`,
`DurableObjectNamespace[ChatRoom]`, an `RpcTarget` or a Protocol in an annotation,
`Callable[[Point], Awaitable[Point]]`. The types are those of rows. A value that does not fit is a
RowError at the caller. It names the method and the parameter: "argument 'point' of move(): x:
expected int, got str".

Named fields keep their names in Python. A dataclass and a `NamedTuple` cross as an object of their
fields. So do the results of this package, such as `KVListResult`, `D1Meta` and `R2Object`. The same
annotation reads a dataclass or a `NamedTuple` back.

A pydantic model crosses as its own JSON, `model_dump(mode="json")`, under the names of its fields.
The same annotation reads it back, also if the fields have aliases.

Keyword-only arguments cross as one object behind the others, under their own names. JavaScript
calls `search(query, *, limit=10)` as `search("tea", { limit: 5 })`.

An exception keeps its name and message. It is raised as an error of the binding that is also of its
built-in class, or of the nearest: `except ValueError` catches a ValueError.

"""

FROM_JS = """## From JavaScript to Python

| JavaScript | Python | check in test_border.py |
| --- | --- | --- |
"""

# Values that only JavaScript can make: each row names the check that shows it.
ONLY_JS = [
    ("`null`, `undefined`", "`None`, at every depth", "undefined_and_null"),
    ("Map", "`dict`", "map"),
    ("Set", "`set`", "set"),
    ("Date", "aware UTC `datetime`; an invalid Date is a ConversionError", "invalid_date"),
    ("ArrayBuffer, typed array, DataView", "`bytes`", "buffers"),
    ("object without a prototype", "`dict`", "without_a_prototype"),
    ("Number from 2^53 on", "`float`", "two_to_the_53"),
    ("Error", "`WorkersError` with `js_name` and `cause`", "javascript_error"),
    ("instance of a class (URL, R2Object, a stub)", "not converted", "class_instance"),
]


def page() -> str:
    return "".join(
        [INTRO, *copied(), *of_subclasses(), *bound(), *refused(), LIVE, *from_javascript()]
    )


def copied() -> Iterator[str]:
    yield "## From Python to JavaScript and back\n\n"
    yield "By structured clone: RPC, queues, storage of Durable Objects, options.\n\n"
    yield "| value | in Python | in JavaScript | back in Python |\n| --- | --- | --- | --- |\n"
    for name, case in border.CLONED.items():
        python, back, js = cast("border.Case", case)
        yield f"| {name} | {code(python)} | {js} | {code(back)} |\n"


def of_subclasses() -> Iterator[str]:
    yield SUBCLASSES
    for name, (_, back) in pairs(subclasses.CLONED):
        yield f"| {name} | {code(back)} |\n"


def bound() -> Iterator[str]:
    yield "\n## As a parameter of SQL\n\n"
    yield "In D1 and `storage.sql`. An integer or a bool is a double there.\n\n"
    yield "| value | in Python | bound as |\n| --- | --- | --- |\n"
    for name, (python, sql) in pairs(border.BOUND):
        yield f"| {name} | {code(python)} | {code(sql)} |\n"


def refused() -> Iterator[str]:
    for title, about, cases in (
        ("Refused everywhere", "A ConversionError names the place of the value.", border.REFUSED),
        (
            "Refused as JSON",
            "In KV metadata, queue bodies of type `json` and inputs of AI models. `Response.json`"
            " refuses the same, except integers: it writes those of any size.",
            border.NOT_JSON,
        ),
    ):
        yield f"\n## {title}\n\n{about}\n\n"
        yield "| value | in Python | message |\n| --- | --- | --- |\n"
        for name, (python, message) in pairs(cases):
            yield f"| {name} | {code(python)} | `{plain(message)}` |\n"


def from_javascript() -> Iterator[str]:
    yield INTEGERS
    yield from (f"| {' | '.join(row)} |\n" for row in OF_INTEGERS)
    yield DATETIMES + FROM_JS
    checks = [name for name in vars(border) if name.startswith("test_")]
    for js, python, word in ONLY_JS:
        check = next((name for name in checks if word in name), None)
        assert check, f"no check of test_border.py has {word!r} in its name"
        yield f"| {js} | {python} | `{check}` |\n"


def pairs(cases: dict[str, object]) -> list[tuple[str, tuple[Any, Any]]]:
    listed: Any = cases.items()
    return list(listed)


def code(value: Any) -> str:
    """Return a value as the code that makes it, short enough for a table."""
    text = shown(value)
    text = text if len(text) <= 60 else text[:57] + "…"
    fence = "``" if "`" in text else "`"
    return fence + text.replace("|", "\\|") + fence


def shown(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, memoryview):
        return f"memoryview({bytes(value)!r})"
    if isinstance(value, border.Model):
        return "a pydantic model"
    if isinstance(value, border.Scalar):
        return "numpy.float64(1.5)"
    if type(value) in (set, frozenset):  # in an order that does not change from run to run
        members = "{" + ", ".join(sorted(map(repr, value))) + "}"
        return members if type(value) is set else f"frozenset({members})"
    text = repr(value).encode("utf-8", "backslashreplace").decode()
    text = re.sub(r"<object object at \w+>", "object()", text.replace("datetime.", ""))
    return re.sub(r"<(function|class) [^>]*>", r"a \1", text)


def plain(pattern: str) -> str:
    """Return the text that a simple regular expression stands for."""
    return re.sub(r"\\(.)", r"\1", pattern)


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
