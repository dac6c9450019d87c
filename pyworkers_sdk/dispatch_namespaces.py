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

    No local runtime has it: what is said of the service is its documentation's, and was not seen.

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
        """The Worker of that name, to ``fetch`` from. Nothing is asked for yet: that there is no
        such Worker is a WorkersError of the ``fetch``, whose message begins "Worker not found".

        ``outbound`` are the parameters of the outbound Worker, if one is configured.
        JS: DispatchNamespace.get.
        """
        options: dict[str, Any] = {}
        if limits is not None:
            options["limits"] = limits.to_js()
        if outbound is not None:
            options["outbound"] = dict(outbound)
        given = to_js({} if args is None else dict(args), "args")
        name = text(name, "name")
        with _raising:
            found = self._js.get(name, given, to_js(options, "options"))
        return Fetcher(found)
