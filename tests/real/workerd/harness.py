"""Inside the isolate: set the search path, and find and call entrypoints as the runtime does."""

import json
import sys
from inspect import isawaitable, isclass
from site import addsitedir
from types import FunctionType

import _cloudflare_compat_flags
from _cloudflare.entropy import before_first_request, before_top_level
from pyodide.code import relaxed_call

__all__ = ["before_first_request", "entrypoints", "invoke"]

before_top_level()

_SITE = f"/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
sys.path += ["/session/metadata", f"/session{_SITE}"]
sys.path.insert(sys.path.index(_SITE), "/session/metadata/python_modules")
if getattr(_cloudflare_compat_flags, "python_process_pth_files", False):
    addsitedir("/session/metadata/python_modules")
else:
    # The runtime has an older copy of these patches for earlier compatibility dates.
    import _workers_sdk_entropy_import_context  # noqa: F401


def _methods(cls):
    def lookup(name):
        return next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)

    return sorted(
        name
        for name in dir(cls)
        if not name.startswith("_") and isinstance(lookup(name), FunctionType)
    )


def entrypoints(module):
    """Return JSON of {class name: {kind, methods}} for every class that the runtime exports."""
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
