"""Python functions that JavaScript may call until their owner ends them."""

import sys

if sys.platform == "emscripten":
    from .pyodide_callbacks import Called, Handed, Listening, called_once, next_event
else:
    from .._cpython.callbacks import Called, Handed, Listening, called_once, next_event

__all__ = ["Called", "Handed", "Listening", "called_once", "next_event"]
