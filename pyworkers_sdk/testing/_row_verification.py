"""In unit tests pydantic, where installed, holds rows against their annotations once more.

It knows what ``_rows`` passes through, ``Annotated`` constraints above all: a row type that lies
fails a test instead of production.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

from ..errors import RowError

__all__ = ["verify"]


def verify(row_type: type, rows: list[Any]) -> None:
    """RowError, naming the column, for a row that is not what ``row_type`` says."""
    for name, adapter in _adapters(row_type).items():
        for at, row in enumerate(rows):
            values: dict[str, Any] = getattr(row, "__dict__", row)
            if name not in values:
                continue
            try:
                adapter.validate_python(values[name], strict=True)
            except ValueError as exc:
                listed: Any = exc
                reason: str = listed.errors(include_input=False, include_url=False)[0]["msg"]
                where = f"column {name!r} of row {at}"
                raise RowError(f"{row_type.__name__}: {where}: {reason}") from None


@cache
def _adapters(row_type: type) -> dict[str, Any]:
    """A validator for each column whose annotation pydantic understands."""
    try:
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
    except ImportError:
        return {}
    adapters: dict[str, Any] = {}
    for name, hint in get_type_hints(row_type, include_extras=True).items():
        try:
            adapters[name] = TypeAdapter(hint)
        except (PydanticUserError, PydanticSchemaGenerationError):
            pass  # Required[], or a class of the user's own; _rows has checked those
    return adapters
