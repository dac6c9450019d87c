"""Vectors and other numbers that cross through buffers, for the bindings that need them."""

import sys

if sys.platform == "emscripten":
    from .pyodide_vectors import byte_array, from_vector, to_vector, vectors
else:
    from .._cpython.vectors import byte_array, from_vector, to_vector, vectors

__all__ = ["byte_array", "from_vector", "to_vector", "vectors"]
