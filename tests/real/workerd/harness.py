"""Inside the isolate: search path, and entrypoints found and called as the Python runtime does."""

import json
import sys
from inspect import isawaitable, isclass
from types import FunctionType

from pyodide.code import relaxed_call

_SITE = f"/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
sys.path += ["/session/metadata", f"/session{_SITE}"]
sys.path.insert(sys.path.index(_SITE), "/session/metadata/python_modules")


def _methods(cls):
    def found(name):
        return next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)

    return sorted(
        name
        for name in dir(cls)
        if not name.startswith("_") and isinstance(found(name), FunctionType)
    )


def entrypoints(module):
    """JSON of {class name: {kind, methods}}: every class that the runtime exports from `module`."""
    import workers

    names = getattr(module, "__all__", [name for name in dir(module) if not name.startswith("_")])
    values = [getattr(module, name) for name in names]
    result = {}
    for kind in ("DurableObject", "WorkerEntrypoint", "WorkflowEntrypoint"):
        base = getattr(workers, kind)
        for value in values:
            if isclass(value) and issubclass(value, base) and value is not base:
                result[value.__name__] = {"kind": kind, "methods": _methods(value)}
    return json.dumps(result)


async def invoke(relaxed, instance, name, *args):
    from workers import python_from_rpc, python_to_rpc

    method = getattr(instance, name)
    args = [python_from_rpc(arg) for arg in args]
    result = relaxed_call(method, *args) if relaxed else method(*args)
    return python_to_rpc(await result if isawaitable(result) else result)


def reseed():
    """At the first request: what was seeded at import had no entropy."""
    if random := sys.modules.get("random"):
        random.seed()
