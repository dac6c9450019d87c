"""A second check of rows, by pydantic, in unit tests where pydantic is installed.

``_row_types`` checks types only. Pydantic also checks ``Annotated`` constraints, so that a wrong
row type fails a test instead of production.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

from ..errors import RowError

__all__ = ["verify"]


def verify(row_type: type, rows: list[Any]) -> None:
    """Raise RowError, with the column, if a row does not fit ``row_type``."""
    for name, adapter in _adapters(row_type).items():
        for index, row in enumerate(rows):
            values: dict[str, Any] = getattr(row, "__dict__", row)
            if name not in values:
                continue
            try:
                adapter.validate_python(values[name], strict=True)
            except ValueError as exc:
                error: Any = exc
                # Without the input: a value of a row must not reach a log.
                reason: str = error.errors(include_input=False, include_url=False)[0]["msg"]
                where = f"column {name!r} of row {index}"
                raise RowError(f"{row_type.__name__}: {where}: {reason}") from None


@cache
def _adapters(row_type: type) -> dict[str, Any]:
    """Return a validator for each column whose annotation pydantic understands."""
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
            pass  # Required[], or a class of the user; _row_types has checked those
    return adapters
