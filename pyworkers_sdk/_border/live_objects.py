"""Which of our classes stands over a live JavaScript object that came as data, by its tag.

A tag is what ``Object.prototype.toString`` says of it; unlike the name of its constructor it is the
same whatever made the object.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["standing_over"]

_CLASSES = {
    "Request": ("http", "Request"),
    "Response": ("http", "Response"),
    "Headers": ("headers", "Headers"),
    "ReadableStream": ("streams", "ReadableStream"),
    "Blob": ("blob", "Blob"),
    "File": ("forms", "File"),
    "FormData": ("forms", "FormData"),
    "WebSocket": ("websockets", "WebSocket"),
    "Fetcher": ("services", "Fetcher"),
    "LoopbackServiceStub": ("services", "Loopback"),
    "DurableObjectClass": ("durable.facets", "DurableObjectClass"),
    "LoopbackDurableObjectClass": ("durable.exports", "LoopbackDurableObjectClass"),
    "LoopbackDurableObjectNamespace": ("durable.exports", "LoopbackDurableObjectNamespace"),
    "JsRpcStub": ("rpc", "RpcStub"),
}


def standing_over(tag: str, js: Any) -> Any:
    """``js`` in its class of ours, loaded when one comes first; as it is where there is none."""
    if tag not in _CLASSES:
        return js
    module, name = _CLASSES[tag]
    kind = getattr(import_module(f"..{module}", __package__), name)
    return getattr(kind, "from_js", kind)(js)
