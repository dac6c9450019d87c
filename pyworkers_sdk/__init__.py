"""A typed, Pythonic SDK over Cloudflare Workers' bindings.

Names load when they are first used, so a Worker pays at its start for what it uses alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .blob import Blob
    from .d1 import (
        D1,
        D1DatabaseSession,
        D1ExecResult,
        D1Meta,
        D1PreparedStatement,
        D1Result,
    )
    from .entrypoints import ExecutionContext, WorkerEntrypoint
    from .env import Env
    from .errors import (
        BindingError,
        ConversionError,
        D1ConstraintError,
        D1Error,
        KVError,
        QueueError,
        R2Error,
        RowError,
        StreamError,
        WorkersError,
    )
    from .http import Headers, Request, Response
    from .kv import KV, KVListKey, KVListResult, KVValueWithMetadata
    from .queues import (
        Message,
        MessageBatch,
        MessageSendRequest,
        Queue,
        QueueMetadata,
        QueueMetrics,
        QueueSendResponse,
    )
    from .r2 import R2, R2MultipartUpload
    from .r2_objects import (
        HTTPMetadata,
        R2Checksums,
        R2Conditional,
        R2Object,
        R2ObjectBody,
        R2ObjectRange,
        R2Objects,
        R2Range,
        R2UploadedPart,
    )
    from .streams import ReadableStream

__version__ = "0.1.0"

_MODULES = {
    "blob": "Blob",
    "d1": "D1 D1DatabaseSession D1ExecResult D1Meta D1PreparedStatement D1Result",
    "entrypoints": "ExecutionContext WorkerEntrypoint",
    "env": "Env",
    "errors": (
        "BindingError ConversionError D1ConstraintError D1Error KVError QueueError R2Error"
        " RowError StreamError WorkersError"
    ),
    "http": "Headers Request Response",
    "kv": "KV KVListKey KVListResult KVValueWithMetadata",
    "queues": (
        "Message MessageBatch MessageSendRequest Queue QueueMetadata QueueMetrics QueueSendResponse"
    ),
    "r2": "R2 R2MultipartUpload",
    "r2_objects": (
        "HTTPMetadata R2Checksums R2Conditional R2Object R2ObjectBody R2ObjectRange R2Objects"
        " R2Range R2UploadedPart"
    ),
    "streams": "ReadableStream",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "D1",
    "KV",
    "R2",
    "BindingError",
    "Blob",
    "ConversionError",
    "D1ConstraintError",
    "D1DatabaseSession",
    "D1Error",
    "D1ExecResult",
    "D1Meta",
    "D1PreparedStatement",
    "D1Result",
    "Env",
    "ExecutionContext",
    "HTTPMetadata",
    "Headers",
    "KVError",
    "KVListKey",
    "KVListResult",
    "KVValueWithMetadata",
    "Message",
    "MessageBatch",
    "MessageSendRequest",
    "Queue",
    "QueueError",
    "QueueMetadata",
    "QueueMetrics",
    "QueueSendResponse",
    "R2Checksums",
    "R2Conditional",
    "R2Error",
    "R2MultipartUpload",
    "R2Object",
    "R2ObjectBody",
    "R2ObjectRange",
    "R2Objects",
    "R2Range",
    "R2UploadedPart",
    "ReadableStream",
    "Request",
    "Response",
    "RowError",
    "StreamError",
    "WorkerEntrypoint",
    "WorkersError",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
