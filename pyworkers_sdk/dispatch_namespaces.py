"""``DispatchNamespace``: the Workers of a platform's users, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._border import JsWrapper, binding, raising, text, to_js
from .errors import WorkersError
from .services import Fetcher

if TYPE_CHECKING:
    from . import _js
    from .resource_limits import ResourceLimits

__all__ = ["DispatchNamespace"]

_raising = raising(WorkersError)


class DispatchNamespace(JsWrapper["_js.DispatchNamespace"]):
    """A namespace of Workers for Platforms: ``USERS: DispatchNamespace`` in an Env.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified.

    JS: DispatchNamespace.
    """

    __slots__ = ()

    def __init__(self, namespace: _js.DispatchNamespace) -> None:
        self._js = binding(namespace, "DispatchNamespace", "get")

    def get(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        limits: ResourceLimits | None = None,
        outbound: Mapping[str, Any] | None = None,
    ) -> Fetcher:
        """Return the Worker of that name, to ``fetch`` from.

        This sends no request. If the Worker does not exist, the ``fetch`` raises a WorkersError
        whose message begins with "Worker not found".

        Args:
            name: The name of the Worker in the namespace.
            args: Arguments for the Worker, passed on as they are.
            limits: The limits of each call.
            outbound: The parameters of the outbound Worker, if one is configured.

        Raises:
            ConversionError: ``name`` is not a str, or ``args`` or ``outbound`` cannot cross.

        JS: DispatchNamespace.get.
        """
        options: dict[str, Any] = {}
        if limits is not None:
            options["limits"] = limits.to_js()
        if outbound is not None:
            options["outbound"] = dict(outbound)
        js_args = to_js({} if args is None else dict(args), "args")
        name = text(name, "name")
        with _raising:
            js_fetcher = self._js.get(name, js_args, to_js(options, "options"))
        return Fetcher(js_fetcher)
