"""RPC across the border: how stubs, functions and other live objects cross."""

import sys

if sys.platform == "emscripten":
    from .pyodide_rpc import (
        answered,
        dispose,
        from_rpc,
        invoke,
        local_stub,
        member,
        method,
        returned,
        sendable,
        tag_of,
    )
else:
    from .._cpython.rpc import (
        answered,
        dispose,
        from_rpc,
        invoke,
        local_stub,
        member,
        method,
        returned,
        sendable,
        tag_of,
    )

__all__ = [
    "answered",
    "dispose",
    "from_rpc",
    "invoke",
    "local_stub",
    "member",
    "method",
    "returned",
    "sendable",
    "tag_of",
]
