"""Every error that this package raises, and nothing else reaches its user.

    WorkersError               .js_name  .code  .cause
    ├── BindingError           a binding is missing, or is of another kind (also an AttributeError)
    ├── ConversionError        a value cannot cross to JavaScript (also a TypeError)
    ├── RowError               a row, or JSON, is not what its type says
    ├── StreamError            a stream was read twice, or broke off
    ├── AbortError             an AbortSignal ended it
    │   └── AbortTimeoutError  its time was over (also a TimeoutError)
    ├── DurableObjectError     .retryable  .overloaded  .remote
    │   └── DurableObjectConstraintError  what D1ConstraintError is, of ``storage.sql``
    ├── AIError                a model, or AI Gateway, refused or failed
    │   └── AiSearchError      AI Search refused
    ├── AnalyticsSQLError      .retryable
    ├── ArtifactsError         Artifacts refused; ``code`` says why
    ├── EmailError             an email was not accepted
    ├── ImagesError            Images refused, or could not read an image
    ├── KVError
    ├── MediaError             Media Transformations refused or failed
    ├── QueueError
    ├── R2Error
    ├── RpcError               .remote
    ├── StreamBindingError     Cloudflare Stream refused (StreamError is of streams of bytes)
    ├── VectorizeError
    ├── WorkflowError
    │   └── NonRetryableError  raise it in a step that is not to be retried
    └── D1Error
        └── D1ConstraintError  UNIQUE, NOT NULL, CHECK, FOREIGN KEY, …

An absent value is ``None``, never an error. Messages carry no secret and no row data.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "AIError",
    "AbortError",
    "AbortTimeoutError",
    "AiSearchError",
    "AnalyticsSQLError",
    "ArtifactsError",
    "BindingError",
    "ConversionError",
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
    "RpcError",
    "StreamBindingError",
    "StreamError",
    "VectorizeError",
    "WorkersError",
    "WorkflowError",
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

    _numbered = False

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
        kind = _ABORTED.get(js_name, cls)
        return kind(message, js_name=js_name, cause=cause)


class BindingError(WorkersError, AttributeError):
    """A binding is missing from the Worker's configuration, or is of another kind."""


class ConversionError(WorkersError, TypeError):
    """A value cannot cross to JavaScript; the message names its place, ``values[2].price``."""


class RowError(WorkersError):
    """A row, JSON or a form is not what its type says; the message names the column or the key."""


class StreamError(WorkersError):
    """A stream was read twice, or its source broke off."""


class AbortError(WorkersError):
    """An ``AbortSignal`` ended what was going on; the message is its reason."""


class AbortTimeoutError(AbortError, TimeoutError):
    """The time of an ``AbortSignal.timeout`` was over."""


_ABORTED = {"AbortError": AbortError, "TimeoutError": AbortTimeoutError}


class AIError(WorkersError):
    """Workers AI, or AI Gateway, refused or failed; ``code`` is the service's number.

    3003 incomplete, 3006 too large, 3007 too late, 3036 the free quota of the day used up, 3040 no
    capacity, 3042 bad model id, 5004 bad inputs, 5007 no such model, 5016 licence not accepted,
    5018 and 3041 account not allowed.
    """

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.match(r"(\d+): ", message)
        kind = _ABORTED.get(js_name, cls)
        code = int(found[1]) if found else None
        return kind(message, js_name=js_name, code=code, cause=cause)


class AiSearchError(AIError):
    """AI Search refused the operation; ``js_name`` says what it was: "AiSearchNotFoundError" or
    "AiSearchInternalError"."""

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        js_name, message = _named(js_name, message)
        return cls(message, js_name=js_name, cause=cause)


class AnalyticsSQLError(WorkersError):
    """A query of Analytics SQL was refused or failed. ``retryable``: a new try may succeed, after a
    while."""

    retryable: bool = False

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        js_name, message = _named(js_name, message)
        return cls(message, js_name=js_name, cause=cause)


class ArtifactsError(WorkersError):
    """Artifacts refused the operation; ``code`` says why.

    ALREADY_EXISTS, NOT_FOUND, CREATE_IN_PROGRESS, IMPORT_IN_PROGRESS, FORK_IN_PROGRESS,
    INVALID_INPUT, INVALID_REPO_NAME, INVALID_TTL, INVALID_URL, REMOTE_AUTH_REQUIRED,
    UPSTREAM_UNAVAILABLE, MEMORY_LIMIT or INTERNAL_ERROR. ``numeric_code`` is the same as a number.
    """

    numeric_code: int | None = None

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        js_name, message = _named(js_name, message)
        return cls(message, js_name=js_name, cause=cause)


class EmailError(WorkersError):
    """An email was not accepted; ``code`` is the service's, such as "E_SENDER_NOT_VERIFIED"."""


class ImagesError(WorkersError):
    """Images refused the operation; ``code`` is its number.

    9520 a format that it does not know, 9523 it went wrong inside, 9525 the transformer was used
    before.
    """

    _numbered = True


class KVError(WorkersError):
    """Workers KV refused the operation; ``code`` is the HTTP status (400, 413, 414, 429)."""

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.match(r"KV \w+ failed: (\d+)", message)
        code = int(found[1]) if found else None
        return cls(message, js_name=js_name, code=code, cause=cause)


class MediaError(WorkersError):
    """Media Transformations refused or failed; ``code`` is its number."""

    _numbered = True


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


class StreamBindingError(WorkersError):
    """Cloudflare Stream refused the operation; ``js_name`` says what it was.

    InternalError, BadRequestError, NotFoundError, ForbiddenError, RateLimitedError,
    QuotaReachedError, MaxFileSizeError, InvalidURLError, AlreadyUploadedError or
    TooManyWatermarksError. ``code`` is the service's number (10003 not found, 10005 bad request,
    10010 invalid URL), and ``status_code`` the HTTP status, where they came along.
    """

    status_code: int | None = None

    _numbered = True

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        js_name, message = _named(js_name, message)
        return cls(message, js_name=js_name, cause=cause)


class VectorizeError(WorkersError):
    """Vectorize refused the operation; ``code`` is its number, or the HTTP status of an answer
    without one.

    40006 the query has other dimensions than the index, 40012 a vector has, 40007 too many ids,
    40008 id too long, 40016 metadata too large, 40018 a metadata key that is not allowed, 40023
    vectors and 40026 a query that are not what they should be, 40025 ``top_k`` too large, 40041 too
    many requests.
    """

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        found = re.match(r"[A-Z]+_[A-Z]+_ERROR(?: \(code = |: Status \+ )(\d+)", message)
        code = int(found[1]) if found else None
        return cls(message, js_name=js_name, code=code, cause=cause)


class WorkflowError(WorkersError):
    """Workflows refused the operation, or a step failed for good.

    ``code`` is the service's, such as "instance.not_found"; ``js_name`` is the class of a step's
    error.
    """

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        # Over RPC the class of an error that is not the platform's goes in front of its message.
        kinds = "Error|Exception|Exit|Interrupt|Iteration|Warning|Group"
        wrapped = re.match(rf"(\w*(?:{kinds}))(?:: |\Z)", message)
        if js_name == "Error" and wrapped:
            js_name, message = wrapped[1], message[wrapped.end() :]
        code = re.match(r"\(?(instance\.\w+)\b", message)
        late = message.startswith("Execution timed out after ")
        kind: Any = _StepTimeoutError if late else _STEP_ERRORS.get(js_name, cls)
        error: WorkersError = kind(
            message, js_name=js_name, code=code[1] if code else None, cause=cause
        )
        return error


class NonRetryableError(WorkflowError):
    """Raised in a step it ends the retries, and, unless ``run`` catches it, the instance."""

    def __init__(
        self,
        message: str = "",
        *,
        js_name: str | None = "NonRetryableError",
        code: int | str | None = None,
        cause: WorkersError | None = None,
    ) -> None:
        super().__init__(message, js_name=js_name, code=code, cause=cause)


class _StepTimeoutError(WorkflowError, TimeoutError):
    """A step, or what it waited for, took too long."""


class _StepTypeError(WorkflowError, TypeError):
    """A TypeError of a step."""


class _StepValueError(WorkflowError, ValueError):
    """A ValueError of a step."""


_STEP_ERRORS = {
    "NonRetryableError": NonRetryableError,
    "TypeError": _StepTypeError,
    "ValueError": _StepValueError,
}


class DurableObjectError(WorkersError):
    """A Durable Object cannot be reached, failed, or its storage refused something.

    ``remote``: the object's own code raised it; ``js_name`` is the class of what it raised.
    ``retryable``: a new try may succeed, on a new stub. ``overloaded``: the object has too much to
    do, so do not try again. ``code`` is SQLite's, such as ``SQLITE_ERROR``, where SQL was refused.
    """

    retryable: bool = False
    overloaded: bool = False
    remote: bool = False

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        codes = re.findall(r"\bSQLITE_[A-Z_]+", message)
        constraint = any(code.startswith("SQLITE_CONSTRAINT") for code in codes)
        kind: Any = DurableObjectConstraintError if constraint else _ABORTED.get(js_name, cls)
        error: WorkersError = kind(
            message, js_name=js_name, code=codes[-1] if codes else None, cause=cause
        )
        return error


class DurableObjectConstraintError(DurableObjectError):
    """A constraint failed; ``code`` is the extended one, such as ``SQLITE_CONSTRAINT_UNIQUE``."""


class RpcError(WorkersError):
    """A call to another Worker failed; ``js_name`` and the message are those of what it raised.

    ``remote``: the other side's own code raised it; else the call itself went wrong.
    """

    remote: bool = False

    @classmethod
    def _from_js(cls, js_name: str, message: str, cause: WorkersError | None) -> WorkersError:
        return cls(message, js_name=js_name, cause=cause)


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
    for flag in ("retryable", "overloaded", "remote"):
        if hasattr(made, flag):
            setattr(made, flag, bool(getattr(error, flag, False)))
    for number, js_number in (("numeric_code", "numericCode"), ("status_code", "statusCode")):
        if hasattr(made, number):
            setattr(made, number, getattr(error, js_number, None))
    code = getattr(error, "code", None)
    # elsewhere a number is a DOMException's, and says nothing
    if made.code is None and isinstance(code, (str, int) if made._numbered else str):
        made.code = code
    return made


def _named(js_name: str, message: str) -> tuple[str, str]:
    """An error's class and message. Over RPC the class of one that is not the platform's goes in
    front of its message."""
    wrapped = re.match(r"(\w+Error): ", message) if js_name == "Error" else None
    return (wrapped[1], message[wrapped.end() :]) if wrapped else (js_name, message)
