"""Python functions that JavaScript calls back, for as long as their owner says."""

import sys

if sys.platform == "emscripten":
    from .pyodide_callbacks import Handed
else:
    from .._cpython.callbacks import Handed

__all__ = ["Handed"]
