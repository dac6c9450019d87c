"""Every error that this package raises, and nothing else reaches its user.

    WorkersError               .js_name  .code  .cause
    ├── BindingError           a binding is missing, or is of another kind (also an AttributeError)
    ├── ConversionError        a value cannot cross to JavaScript (also a TypeError)
    ├── RowError               a row, or JSON, is not what its type says
    ├── StreamError            a stream was read twice, or broke off
    ├── KVError
    ├── QueueError
    ├── R2Error
    └── D1Error
        └── D1ConstraintError  UNIQUE, NOT NULL, CHECK, FOREIGN KEY, …

An absent value is ``None``, never an error. Messages carry no secret and no row data.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "BindingError",
    "ConversionError",
    "D1ConstraintError",
    "D1Error",
    "KVError",
    "QueueError",
    "R2Error",
    "RowError",
    "StreamError",
    "WorkersError",
]


class WorkersError(Exception):
    """The root of the tree; raised itself where no binding is involved (an invalid URL, say).

    ``js_name`` is the class of the JavaScript error ("TypeError"), or None where the error is
    ours; ``code`` is the service's own code where it has one (KV: the HTTP status; D1: SQLite's
    name of the result code; R2: a number); ``cause`` is the JavaScript error's ``cause``, as one of
    ours.
    """

    js_name: str | None
    code: int | str | None
    cause: WorkersError | None

    def __init__(
        self,
        message: str,
        *,
        js_name: str | None = None,
        code: int | str | None = None,
        cause: WorkersError | None = None,
    ) -> None:
        super().__init__(message)
        self.js_name = js_name
        self.code = code
        self.cause = cause

    @property
    def message(self) -> str:
        """What went wrong. JS: Error.message."""
        return str(self)

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        """The error of this family for a JavaScript error."""
        return cls(message, js_name=js_name, cause=cause)


class BindingError(WorkersError, AttributeError):
    """A binding is missing from the Worker's configuration, or is of another kind."""


class ConversionError(WorkersError, TypeError):
    """A value cannot cross to JavaScript; the message names its place, ``values[2].price``."""


class RowError(WorkersError):
    """A row, or JSON, is not what its type says; the message names the column or the key."""


class StreamError(WorkersError):
    """A stream was read twice, or its source broke off."""


class KVError(WorkersError):
    """Workers KV refused the operation; ``code`` is the HTTP status (400, 413, 414, 429)."""

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.match(r"KV \w+ failed: (\d+)", message)
        code = int(found[1]) if found else None
        return cls(message, js_name=js_name, code=code, cause=cause)


class R2Error(WorkersError):
    """R2 refused the operation; ``code`` is its number, where the service itself has spoken.

    10001 internal error, 10011 part too small, 10012 metadata too large, 10020 invalid key, 10022
    invalid limit, 10024 no such upload, 10025 no such part, 10027 too many keys, 10037 wrong
    checksum, 10039 range beyond the object, 10048 uneven parts, 100100 object too large.
    """

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.search(r" \((\d+)\)\Z", message)
        code = int(found[1]) if found else None
        return cls(message, js_name=js_name, code=code, cause=cause)


class QueueError(WorkersError):
    """Queues refused the operation; ``code`` is the service's number where it gives one."""

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.search(r"\((\d+)\)$", message)
        code = int(found[1]) if found else None
        return cls(message, js_name=js_name, code=code, cause=cause)


class D1Error(WorkersError):
    """D1 refused the statement; ``code`` is SQLite's, such as ``SQLITE_ERROR``."""

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        codes = re.findall(r"\bSQLITE_[A-Z_]+", message)
        constraint = any(code.startswith("SQLITE_CONSTRAINT") for code in codes)
        kind: Any = D1ConstraintError if constraint else cls
        error: WorkersError = kind(
            message, js_name=js_name, code=codes[-1] if codes else None, cause=cause
        )
        return error


class D1ConstraintError(D1Error):
    """A constraint failed; ``code`` is the extended one, such as ``SQLITE_CONSTRAINT_UNIQUE``."""


def from_js_error(kind: type[WorkersError], error: Any) -> WorkersError:
    """One of ours for a JavaScript error, with its cause, keeping no JavaScript object alive."""
    below = getattr(error, "cause", None)
    cause = from_js_error(kind, below) if hasattr(below, "message") else None
    made = kind._from_js(str(error.name), str(error.message), cause)
    made.__cause__ = cause
    return made
