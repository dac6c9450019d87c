"""Every error that this package raises. Errors of JavaScript arrive as one of these, too.

    WorkersError               .js_name  .code  .cause
    ├── BindingError           a binding is missing or of another kind (also an AttributeError)
    ├── ConversionError        a value cannot cross to JavaScript (also a TypeError)
    ├── RowError               a row, JSON or a form does not fit its type
    │   └── RowTypeError       an annotation is not a row type (also a TypeError)
    ├── StreamError            a stream was read twice, or its source failed
    ├── AbortError             an AbortSignal ended the operation
    │   └── AbortTimeoutError  an AbortSignal.timeout expired (also a TimeoutError)
    ├── DurableObjectError     .retryable  .overloaded  .remote
    │   └── DurableObjectConstraintError  a constraint of ``storage.sql`` failed
    ├── AIError                a model or AI Gateway refused or failed
    │   └── AiSearchError      AI Search refused
    ├── AnalyticsSQLError      .retryable
    ├── ArtifactsError         Artifacts refused; ``code`` is the reason
    ├── CryptoError            Web Crypto refused or failed; ``js_name`` is the kind
    ├── EmailError             an email was not accepted
    ├── ImagesError            Images refused, or could not read an image
    ├── KVError
    ├── MediaError             Media Transformations refused or failed
    ├── QueueError
    ├── R2Error
    ├── RpcError               .remote
    ├── StreamBindingError     Cloudflare Stream refused (StreamError is about byte streams)
    ├── VectorizeError
    ├── WorkflowError
    │   └── NonRetryableError  raise it in a step that must not be retried
    └── D1Error
        └── D1ConstraintError  UNIQUE, NOT NULL, CHECK, FOREIGN KEY, …

A DurableObjectError, RpcError or WorkflowError for an exception of Python is also of its built-in
class: ``except ValueError`` catches the ValueError that a Durable Object raised.

An absent value is ``None``, never an error. Messages contain no secrets and no row values.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

__all__ = [
    "AIError",
    "AbortError",
    "AbortTimeoutError",
    "AiSearchError",
    "AnalyticsSQLError",
    "ArtifactsError",
    "BindingError",
    "ConversionError",
    "CryptoError",
    "D1ConstraintError",
    "D1Error",
    "DurableObjectConstraintError",
    "DurableObjectError",
    "EmailError",
    "ImagesError",
    "KVError",
    "MediaError",
    "NonRetryableError",
    "QueueError",
    "R2Error",
    "RowError",
    "RowTypeError",
    "RpcError",
    "StreamBindingError",
    "StreamError",
    "VectorizeError",
    "WorkersError",
    "WorkflowError",
]


class WorkersError(Exception):
    """The root of the tree, raised itself if no binding is involved (an invalid URL, for example).

    Attributes:
        js_name: The class of the JavaScript error ("TypeError"), or None for errors of this
            package.
        code: The service's code, if there is one. KV: the HTTP status. D1: SQLite's name of the
            result code. R2: a number.
        cause: The ``cause`` of the JavaScript error, as an error of this package.
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
        """The description of the error, without its class. JS: Error.message."""
        return str(self)


class BindingError(WorkersError, AttributeError):
    """A binding is missing from the Worker's configuration, or is of another kind."""


class ConversionError(WorkersError, TypeError):
    """A value cannot cross to JavaScript; the message names its place, ``values[2].price``."""


class RowError(WorkersError):
    """A row, JSON or a form does not fit its type; the message names the column or the key."""


class RowTypeError(RowError, TypeError):
    """An annotation is not a row type, since its values could not be checked.

    It is a fault of the program and not of the data: it is raised where the type is specified.
    """


class StreamError(WorkersError):
    """A stream was read twice, or its source failed."""


class AbortError(WorkersError):
    """An ``AbortSignal`` ended the operation; the message is the signal's reason."""


class AbortTimeoutError(AbortError, TimeoutError):
    """The time limit of an ``AbortSignal.timeout`` expired."""


class AIError(WorkersError):
    """Workers AI or AI Gateway refused or failed; ``code`` is the service's number.

    3003 incomplete request, 3006 request too large, 3007 timeout, 3036 free quota of the day used
    up, 3040 no capacity, 3042 invalid model id, 5004 invalid inputs, 5007 unknown model, 5016
    licence not accepted, 5018 and 3041 account not allowed.
    """


class AiSearchError(AIError):
    """AI Search refused the operation.

    ``js_name`` is the kind: "AiSearchNotFoundError" or "AiSearchInternalError".
    """


class AnalyticsSQLError(WorkersError):
    """A query of Analytics SQL was refused or failed.

    Attributes:
        retryable: A retry may succeed later.
    """

    retryable: bool = False


class ArtifactsError(WorkersError):
    """Artifacts refused the operation; ``code`` is the reason.

    ALREADY_EXISTS, NOT_FOUND, CREATE_IN_PROGRESS, IMPORT_IN_PROGRESS, FORK_IN_PROGRESS,
    INVALID_INPUT, INVALID_REPO_NAME, INVALID_TTL, INVALID_URL, REMOTE_AUTH_REQUIRED,
    UPSTREAM_UNAVAILABLE, MEMORY_LIMIT or INTERNAL_ERROR.

    Attributes:
        numeric_code: The same reason as a number.
    """

    numeric_code: int | None = None


class CryptoError(WorkersError):
    """Web Crypto refused the operation, or it failed; ``js_name`` is the kind.

    "OperationError" the operation failed (a wrong key, a changed ciphertext), "DataError" an
    unreadable key, "InvalidAccessError" a key that is not for this operation, "NotSupportedError"
    an unknown algorithm or format, "SyntaxError" unsuitable key usages, "QuotaExceededError" too
    many random bytes, "TypeError" a missing parameter.
    """


class EmailError(WorkersError):
    """An email was not accepted; ``code`` is the service's, such as "E_SENDER_NOT_VERIFIED"."""


class ImagesError(WorkersError):
    """Images refused the operation; ``code`` is the service's number.

    9520 unknown image format, 9523 internal failure, 9525 the transformer was used before.
    """


class KVError(WorkersError):
    """Workers KV refused the operation; ``code`` is the HTTP status (400, 413, 414, 429)."""


class MediaError(WorkersError):
    """Media Transformations refused or failed; ``code`` is the service's number."""


class R2Error(WorkersError):
    """R2 refused the operation; ``code`` is the service's number, if the service itself refused.

    10001 internal error, 10011 part too small, 10012 metadata too large, 10020 invalid key, 10022
    invalid limit, 10024 unknown upload, 10025 unknown part, 10027 too many keys, 10037 wrong
    checksum, 10039 range beyond the object, 10048 uneven parts, 100100 object too large.
    """


class QueueError(WorkersError):
    """Queues refused the operation; ``code`` is the service's number, if it gives one."""


class StreamBindingError(WorkersError):
    """Cloudflare Stream refused the operation; ``js_name`` is the kind.

    InternalError, BadRequestError, NotFoundError, ForbiddenError, RateLimitedError,
    QuotaReachedError, MaxFileSizeError, InvalidURLError, AlreadyUploadedError or
    TooManyWatermarksError. ``code`` is the service's number, if it gives one: 10003 not found,
    10005 bad request, 10010 invalid URL.

    Attributes:
        status_code: The HTTP status, if the service gives one.
    """

    status_code: int | None = None


class VectorizeError(WorkersError):
    """Vectorize refused the operation; ``code`` is its number, or the HTTP status.

    40006 dimensions of the query differ from the index, 40012 dimensions of a vector differ, 40007
    too many ids, 40008 id too long, 40016 metadata too large, 40018 metadata key not allowed, 40023
    invalid vectors, 40025 ``top_k`` too large, 40026 invalid query, 40041 too many requests.
    """


class WorkflowError(WorkersError):
    """Workflows refused the operation, or a step failed for good.

    ``code`` is the service's, such as "instance.not_found". ``js_name`` is the class of a step's
    error.
    """


class NonRetryableError(WorkflowError):
    """An error that a step must not be retried after.

    Raised in a step, it ends the retries. It also ends the instance, unless ``run`` catches it.
    """

    def __init__(
        self,
        message: str = "",
        *,
        js_name: str | None = "NonRetryableError",
        code: int | str | None = None,
        cause: WorkersError | None = None,
    ) -> None:
        super().__init__(message, js_name=js_name, code=code, cause=cause)


class DurableObjectError(WorkersError):
    """A Durable Object cannot be reached or failed, or its storage refused an operation.

    ``js_name`` is the class of the error that the object raised. ``code`` is SQLite's, such as
    ``SQLITE_ERROR``, if SQL was refused.

    Attributes:
        retryable: A retry on a new stub may succeed.
        overloaded: The object has too much to do. Do not retry.
        remote: The object's own code raised the error.
    """

    retryable: bool = False
    overloaded: bool = False
    remote: bool = False


class DurableObjectConstraintError(DurableObjectError):
    """A constraint failed; ``code`` is the extended code, such as ``SQLITE_CONSTRAINT_UNIQUE``."""


class RpcError(WorkersError):
    """A call to another Worker failed; ``js_name`` and the message come from its error.

    Attributes:
        remote: The other side's own code raised the error. If False, the call itself failed.
    """

    remote: bool = False


class D1Error(WorkersError):
    """D1 refused the statement; ``code`` is SQLite's, such as ``SQLITE_ERROR``."""


class D1ConstraintError(D1Error):
    """A constraint failed; ``code`` is the extended code, such as ``SQLITE_CONSTRAINT_UNIQUE``."""


# From errors of JavaScript to these -------------------------------------------------------------


class _Reading(NamedTuple):
    """How the JavaScript errors of a family are read."""

    code: str | None = None
    """A pattern that finds the service's code in the message, in group 1. The last match counts."""
    numbered: bool = False
    """A number in the error's ``code`` is the service's. Elsewhere it is a DOMException's, and has
    no meaning here."""
    class_in_message: str | None = None
    """A pattern of class names that precede the message over RPC, where the platform replaces
    classes that it does not know by "Error"."""
    special: Mapping[str, type[WorkersError]] = {}
    """Classes for some names of JavaScript errors."""
    python: bool = False
    """Code of Python may have raised the error: a ValueError is also raised as a ValueError."""
    constraint: type[WorkersError] | None = None
    """The class for a failed constraint of SQLite."""
    of_transaction: str | None = None
    """The note for SQL that begins or ends a transaction. The runtime's message names only a
    JavaScript API."""


_ABORTED: dict[str, type[WorkersError]] = {
    "AbortError": AbortError,
    "TimeoutError": AbortTimeoutError,
}
_SQLITE_CODE = r"\b(SQLITE_[A-Z_]+)"
_ERROR_CLASS = r"(\w+Error): "
_PYTHON_CLASS = r"(\w*(?:Error|Exception|Exit|Interrupt|Iteration|Warning|Group))(?:: |\Z)"

_USE_BATCH = (
    "D1 has no interactive transactions. Pass the statements to batch(), or gather them in"
    " `async with db.gather() as batch`; they run in one transaction."
)
_USE_TRANSACTION = (
    "In Python: `ctx.storage.transaction_sync(function)`, or `await ctx.storage.transaction(…)`."
    " The storage also writes all changes of one event together, without a transaction."
)

_OTHERS = _Reading(special=_ABORTED)
_READINGS: dict[type[WorkersError], _Reading] = {
    AIError: _Reading(code=r"^(\d+): ", special=_ABORTED),
    AiSearchError: _Reading(class_in_message=_ERROR_CLASS),
    AnalyticsSQLError: _Reading(class_in_message=_ERROR_CLASS),
    ArtifactsError: _Reading(class_in_message=_ERROR_CLASS),
    D1Error: _Reading(code=_SQLITE_CODE, constraint=D1ConstraintError, of_transaction=_USE_BATCH),
    DurableObjectError: _Reading(
        code=_SQLITE_CODE,
        special=_ABORTED,
        python=True,
        constraint=DurableObjectConstraintError,
        of_transaction=_USE_TRANSACTION,
    ),
    ImagesError: _Reading(numbered=True, special=_ABORTED),
    KVError: _Reading(code=r"^KV \w+ failed: (\d+)"),
    MediaError: _Reading(numbered=True, special=_ABORTED),
    QueueError: _Reading(code=r"\((\d+)\)$"),
    R2Error: _Reading(code=r" \((\d+)\)\Z"),
    RpcError: _Reading(python=True),
    StreamBindingError: _Reading(numbered=True, class_in_message=_ERROR_CLASS),
    VectorizeError: _Reading(
        code=r"^[A-Z]+_[A-Z]+_ERROR(?: \(code = |: Status \+ )(\d+)",
    ),
    WorkflowError: _Reading(
        code=r"^\(?(instance\.\w+)\b",
        class_in_message=_PYTHON_CLASS,
        special={"NonRetryableError": NonRetryableError},
        python=True,
    ),
}


BASE = "pythonBase"
"""The property of a JavaScript error with the name of the nearest class in ``_known``."""


def error_value(error: Any) -> WorkersError:
    """Return the error for a JavaScript error that is itself an argument or a result."""
    return from_js_error(WorkersError, error, python=True)


def from_js_error(family: type[WorkersError], error: Any, *, python: bool = False) -> WorkersError:
    """Return the error of a family for a JavaScript error, with its cause.

    The result keeps no JavaScript object alive.

    Args:
        family: The class of the result.
        error: The JavaScript error.
        python: Code of Python may have raised the error, whatever the family.
    """
    js_cause = getattr(error, "cause", None)
    cause = None
    if hasattr(js_cause, "message"):
        cause = from_js_error(family, js_cause, python=python)
    base = getattr(error, BASE, None) if python or _READINGS.get(family, _OTHERS).python else None
    name, message = str(error.name), str(error.message)
    result = error_of(family, name, message, cause, base=base, python=python)
    result.__cause__ = cause
    for flag in ("retryable", "overloaded", "remote"):
        if hasattr(result, flag):
            setattr(result, flag, bool(getattr(error, flag, False)))
    for name, js_name in (("numeric_code", "numericCode"), ("status_code", "statusCode")):
        if hasattr(result, name):
            setattr(result, name, getattr(error, js_name, None))
    code = getattr(error, "code", None)
    # An aborted call of a numbered family is an AbortError, with the number of its DOMException.
    numbered = isinstance(result, family) and _READINGS.get(family, _OTHERS).numbered
    if result.code is None and isinstance(code, (str, int) if numbered else str):
        result.code = code
    return result


def error_of(
    family: type[WorkersError],
    js_name: str,
    message: str,
    cause: WorkersError | None = None,
    *,
    base: str | None = None,
    python: bool = False,
) -> WorkersError:
    """Return the error of a family for the class and the message of a JavaScript error.

    Args:
        family: The class of the result.
        js_name: The class of the JavaScript error.
        message: Its message.
        cause: Its cause.
        base: The nearest class that every program knows, if an exception of Python was sent.
        python: Code of Python may have raised the error, whatever the family.
    """
    reading = _READINGS.get(family, _OTHERS)
    if js_name == "Error" and reading.class_in_message:
        prefix = re.match(reading.class_in_message, message)
        if prefix:
            js_name, message = prefix[1], message[prefix.end() :]
    code: int | str | None = None
    if reading.code and (codes := re.findall(reading.code, message)):
        code = int(codes[-1]) if codes[-1].isdecimal() else codes[-1]
    kind = reading.special.get(js_name, family) if base is None else family
    if kind is family and (python or reading.python):
        kind = _in_python(family, base or js_name)
    if reading.constraint and re.search(r"\bSQLITE_CONSTRAINT", message):
        kind = reading.constraint
    if family is WorkflowError and message.startswith("Execution timed out after "):
        kind = _in_python(family, "TimeoutError")
    error = kind(message, js_name=js_name, code=code, cause=cause)
    if reading.of_transaction and "To execute a transaction, please use" in message:
        error.add_note(reading.of_transaction)
    return error


def base_of(error: BaseException) -> str | None:
    """Return the name of the nearest class of an exception that every program knows, or None."""
    for cls in type(error).__mro__:
        if _known(cls.__name__) is cls:
            return cls.__name__
    return None


def is_known(name: str) -> bool:
    """Return True if ``error_of`` has a class of Python of that name."""
    return _known(name) is not None


def _known(name: str) -> type[Exception] | None:
    """Return the class of that name, or its nearest: a built-in one, or one without a service."""
    cls: Any = _OWN.get(name) or getattr(builtins, name, None)
    if not isinstance(cls, type) or not issubclass(cls, Exception):
        return None
    nearest = next(base for base in cls.__mro__ if base not in _NOT_RAISED)
    return None if nearest is BaseException else cast("type[Exception]", nearest)


_OWN: dict[str, type[Exception]] = {
    cls.__name__: cls for cls in (BindingError, ConversionError, RowError)
}
# A coroutine cannot raise the iterations' ends, and the others need more than a message.
_NOT_RAISED: set[type[BaseException]] = {
    BaseExceptionGroup,
    Exception,
    ExceptionGroup,
    StopAsyncIteration,
    StopIteration,
    UnicodeDecodeError,
    UnicodeEncodeError,
    UnicodeTranslateError,
}


def _combined(family: type[WorkersError], name: str) -> type[WorkersError]:
    """Return the class that is both of a family and of that name: RpcValueError, for example."""
    cls = _known(name)
    if cls is None:
        return family
    if issubclass(cls, family):
        return cls
    members = {"__module__": __name__, "__str__": Exception.__str__}  # KeyError's quotes its text
    class_name = family.__name__.removesuffix("Error") + name
    return cast("type[WorkersError]", type(class_name, (family, cls), members))


_in_python: Callable[[Any, str], type[WorkersError]] = cache(_combined)
