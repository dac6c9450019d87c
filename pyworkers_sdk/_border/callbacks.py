"""Python functions that JavaScript may call until their owner ends them."""

import sys

if sys.platform == "emscripten":
    from .pyodide_callbacks import Handed
else:
    from .._cpython.callbacks import Handed

__all__ = ["Handed"]
