"""Vectors and other numbers across the real border, through buffers."""

# JavaScript's values have no types here.
# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

from struct import Struct
from typing import Any

from js import Array, Float32Array, Float64Array, Object, Reflect
from pyodide.ffi import to_js as pyodide_to_js

from .pyodide import from_js
from .values import floats

__all__ = ["byte_array", "from_vector", "to_vector", "vectors"]


def to_vector(value: Any, name: str = "values") -> Any:
    """Return a Float32Array with the numbers of an array, a numpy array or a sequence."""
    try:
        view = memoryview(value)
        if view.format in ("f", "d") and view.ndim == 1 and view.contiguous:
            crossed = pyodide_to_js(view)
            return crossed if view.format == "f" else Float32Array.new(crossed)
    except TypeError:  # not a buffer
        pass
    return pyodide_to_js(floats(value, name))


def byte_array(value: Any) -> Any:
    """Return an Array with the numbers of a buffer's bytes, for an API that takes JSON."""
    return getattr(Array, "from")(pyodide_to_js(memoryview(value).cast("B")))


def from_vector(value: Any) -> list[float]:
    """Return the numbers of a Float32Array or a plain Array."""
    numbers = value.to_py()
    return [float(number) for number in numbers]


def vectors(value: Any) -> dict[str, Any]:
    """Convert an object whose ``data`` is an Array of rows of numbers.

    All rows pass through one buffer: one crossing each, instead of one for each number.
    """
    rest = Object.assign(Object.new(), value)
    Reflect.deleteProperty(rest, "data")
    result: dict[str, Any] = from_js(rest)
    rows = value.data
    width = rows[0].length if rows.length else 0
    buffer, numbers = Float64Array.new(width), Struct(f"{width}d")
    fill, read = buffer.set, buffer.to_bytes
    result["data"] = data = []
    for row in rows:
        if row.length == width:
            fill(row)
            data.append([*numbers.unpack(read())])
        else:
            data.append(from_vector(row))
    return result
