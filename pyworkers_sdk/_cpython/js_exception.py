"""``JsException`` on plain CPython: an error of JavaScript, as Python code catches it."""

from __future__ import annotations

__all__ = ["JsException"]


class JsException(Exception):
    """A JavaScript error: ``name`` is its class, such as "TypeError".

    ``remote`` and ``code`` exist only where they are set: whether the other side of an RPC call
    raised the error, and its code.
    """

    stack = ""
    remote: bool
    code: int | str

    def __init__(self, name: str, message: str, cause: JsException | None = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.cause = cause
