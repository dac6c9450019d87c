"""What a step raises, on its way to JavaScript's engine, which keeps it, and back."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

from .._border import JsException, js_error
from ..errors import WorkflowError, from_js_error

__all__ = ["StepRaising", "Stopped", "thrown"]


class Stopped(asyncio.CancelledError):
    """The engine ends this run (a pause, a restart), which is no failure of any step's."""

    def __init__(self, error: JsException) -> None:
        super().__init__(str(error))
        self.error = error


class StepRaising:
    """As ``raising(WorkflowError)``, but for what is no error of a step's."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, JsException):
            if str(error.message).startswith("Aborting engine:"):
                raise Stopped(error) from None
            raise from_js_error(WorkflowError, error) from None


def thrown(exc: BaseException) -> BaseException:
    """The JavaScript error for what Python raised."""
    if isinstance(exc, JsException):
        return exc
    if isinstance(exc, Stopped):
        return exc.error
    if isinstance(exc, WorkflowError) and exc.js_name is not None:
        return _again(exc, exc.js_name)
    names = [kind.__name__ for kind in type(exc).__mro__]
    stack = "".join(traceback.format_exception(exc))
    if "NonRetryableError" in names:  # the official package's, too
        return js_error("NonRetryableError", str(exc), stack)
    if names[0] == "TypeError":
        return js_error("TypeError", str(exc), stack)
    # As workerd passes errors of other names on, some of which it would lose.
    return js_error("Error", f"{names[0]}: {exc}" if str(exc) else names[0], stack)


def _again(error: WorkflowError, js_name: str) -> BaseException:
    """A step's error, as it came."""
    if js_name in ("Error", "TypeError", "NonRetryableError"):
        return js_error(js_name, error.message)
    return js_error("Error", f"{js_name}: {error.message}" if error.message else js_name)
