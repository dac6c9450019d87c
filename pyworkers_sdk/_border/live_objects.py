"""The public class over a live JavaScript object that came as data, chosen by the object's tag.

A tag is the class name in ``Object.prototype.toString``. Unlike the name of a constructor it is the
same whichever code made the object.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["wrap_live_object"]

_CLASSES = {
    "Blob": ("blob", "Blob"),
    "DurableObjectClass": ("durable.facets", "DurableObjectClass"),
    "Fetcher": ("services", "Fetcher"),
    "File": ("forms", "File"),
    "FormData": ("forms", "FormData"),
    "Headers": ("headers", "Headers"),
    "JsRpcStub": ("rpc", "RpcStub"),
    "LoopbackDurableObjectClass": ("durable.exports", "LoopbackDurableObjectClass"),
    "LoopbackDurableObjectNamespace": ("durable.exports", "LoopbackDurableObjectNamespace"),
    "LoopbackServiceStub": ("services", "Loopback"),
    "ReadableStream": ("streams", "ReadableStream"),
    "Request": ("http", "Request"),
    "Response": ("http", "Response"),
    "WebSocket": ("websockets", "WebSocket"),
}


def wrap_live_object(tag: str, js: Any) -> Any:
    """Return ``js`` in the public class for ``tag``, or as it is if there is no such class.

    The border stands below the public classes, so a class is imported with its first object.
    """
    if tag not in _CLASSES:
        return js
    module, name = _CLASSES[tag]
    kind = getattr(import_module(f"..{module}", __package__), name)
    return getattr(kind, "from_js", kind)(js)
