"""Vectors and other numbers across the border of plain CPython; see ``pyodide_vectors``."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from typing import Any

from .._border.values import floats
from .border import from_js

__all__ = ["byte_array", "from_vector", "to_vector", "vectors"]


def to_vector(value: Any, name: str = "values") -> Any:
    """Return a Float32Array (here: ``array("f")``) with the numbers of an array or a sequence."""
    return floats(value, name)


def byte_array(value: Any) -> Any:
    """Return an Array with the numbers of a buffer's bytes, for an API that takes JSON."""
    return list(memoryview(value).cast("B"))


def from_vector(value: Any) -> list[float]:
    """Return the numbers of a Float32Array or a plain Array."""
    return [float(number) for number in value]


def vectors(value: Any) -> dict[str, Any]:
    """Convert an object whose ``data`` is an Array of rows of numbers."""
    result: dict[str, Any] = from_js({name: value[name] for name in value if name != "data"})
    result["data"] = [from_vector(row) for row in value["data"]]
    return result
