"""Errors of Workflow steps: from Python to the engine that stores them, and back."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

from .._border import JsException, js_error
from ..errors import WorkflowError, from_js_error

__all__ = ["EngineStopped", "StepRaising", "to_js_error"]


class EngineStopped(asyncio.CancelledError):
    """The engine stopped this call of ``run``, because of a pause or a restart for example.

    It derives from CancelledError, so that ``except Exception`` around a step does not catch it.
    """

    def __init__(self, error: JsException) -> None:
        super().__init__(str(error))
        self.error = error


class StepRaising:
    """Raise JavaScript errors inside the ``with`` block as WorkflowError or EngineStopped.

    It differs from ``raising(WorkflowError)`` in two ways. An error by which the engine stops the
    run is not an error of the step, and becomes EngineStopped. And the cause is dropped: the engine
    stores name and message only, so a replay must raise the same error as the first run.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, JsException):
            if str(error.message).startswith("Aborting engine:"):
                raise EngineStopped(error) from None
            raise from_js_error(WorkflowError, error) from None


def to_js_error(exc: BaseException) -> BaseException:
    """Return the JavaScript error for an exception that a step or ``run`` raised."""
    if isinstance(exc, JsException):
        return exc
    if isinstance(exc, EngineStopped):
        return exc.error
    if isinstance(exc, WorkflowError) and exc.js_name is not None:
        return _original_js_error(exc, exc.js_name)
    class_names = [cls.__name__ for cls in type(exc).__mro__]
    stack = "".join(traceback.format_exception(exc))
    # Compare names: NonRetryableError of the official SDK is another class, but means the same.
    if "NonRetryableError" in class_names:
        return js_error("NonRetryableError", str(exc), stack)
    if class_names[0] == "TypeError":
        return js_error("TypeError", str(exc), stack)
    # Errors of other classes become "Error" with the text "class: message". workerd passes them on
    # in this form, too, but it would lose some of the names.
    message = f"{class_names[0]}: {exc}" if str(exc) else class_names[0]
    return js_error("Error", message, stack)


def _original_js_error(error: WorkflowError, js_name: str) -> BaseException:
    """Return a step's error with the class and message with which the engine reported it."""
    if js_name in ("Error", "TypeError", "NonRetryableError"):
        return js_error(js_name, error.message)
    return js_error("Error", f"{js_name}: {error.message}" if error.message else js_name)
