"""The choice of the public class for a live JavaScript object that arrives inside data.

It is chosen by the object's tag: the class name in the result of ``Object.prototype.toString``.
Unlike the name of its constructor, the tag does not depend on the code that made the object.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["LIVE_TAGS", "UNREADABLE", "wrap_live_object"]

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


LIVE_TAGS = frozenset(_CLASSES)
"""The tags of the objects that have a public class."""


UNREADABLE = frozenset({"Blob", "File", "Headers", "Request", "Response"})
"""The tags of objects that structured clone copies, but that arrive without a class of Python."""


def wrap_live_object(tag: str, js: Any) -> Any:
    """Wrap ``js`` in the public class for ``tag``; return it unchanged if the tag is unknown.

    The public classes import the border, so a class is imported only with its first object.
    """
    if tag not in _CLASSES:
        return js
    module, name = _CLASSES[tag]
    cls = getattr(import_module(f"..{module}", __package__), name)
    return getattr(cls, "from_js", cls)(js)
