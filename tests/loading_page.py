"""docs/loading.md: the annotations that are loaded, and the decisions that a test holds.

``scripts/value-table`` writes the page; tests/test_docs.py fails if it is stale.
"""

from __future__ import annotations

from pathlib import Path

from tests.differential.loading_pairs import DECISIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "loading.md"

INTRO = """# How values are loaded

A row type is named once: in `prepare(sql, Row)`, `request.json(Row)`, `kv.get(key, Row)`,
`MessageBatch[Row]`, and wherever else a method takes one. One loader serves all of these places.
It compiles an annotation once, and it ends in a value that fits or in a `RowError`. The message has
the place and the types, and never the value.

## The annotations

{annotations}
Everything else is refused by its name with a `RowTypeError` where it is specified: a function, a
class without fields, `Callable`, the name of a class.

## Rows of SQL

- A field whose annotation is a container or a class is a column of JSON text.
- A row type without named fields, such as `int` or `list[str]`, is the type of the only column.
  More columns are a `RowError`. `first()` returns the value, or None if the result is empty.
- `dict` leaves a row as SQL returned it; `dict[str, int]` checks each column.
- Text of a `datetime` without an offset is UTC, as `CURRENT_TIMESTAMP` writes it.

## Depth

JSON text of more than 1,000 levels is refused before it is parsed, and JSON of somewhat fewer
levels if the stack of Python is full. Both are a `RowError` whose `js_name` is "SyntaxError". A
value of more than 400 levels is a `ConversionError` before it crosses.

## The decisions that differ from pydantic

JSON and SQL have types, so the loader does not guess: it refuses `"3"` as an `int`. Each row is an
example that a test holds. Random pairs of annotation and value differ from pydantic's lax mode by
these rows only: `scripts/differential loading --operations 100000`.

| annotation | value | the loader | pydantic, in lax mode |
| --- | --- | --- | --- |
"""


def page() -> str:
    rows = [f"| {one.kind} | {one.value} | {one.ours} | {one.pydantic} |\n" for one in DECISIONS]
    return "".join([INTRO, *rows])


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
