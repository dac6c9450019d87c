"""``Pipeline``: records on their way to R2, in files that can be queried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._border import JsWrapper, binding, dumps, from_json, raising
from ._border.rpc import method
from .errors import ConversionError, WorkersError

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _js

    T = TypeVarWithDefault("T", default=Mapping[str, Any])
else:
    T = TypeVar("T")

__all__ = ["Pipeline"]

_raising = raising(WorkersError)


class Pipeline(JsWrapper["_js.Pipeline"], Generic[T]):
    """A stream of Pipelines: ``CLICKS: Pipeline[Click]`` in an Env.

    JS: cloudflare:pipelines.Pipeline.
    """

    __slots__ = ()

    def __init__(self, pipeline: _js.Pipeline) -> None:
        self._js = binding(pipeline, "Pipeline", "send")

    async def send(self, records: Iterable[T]) -> None:
        """Hand over records, each an object of JSON: a dict, a dataclass or a pydantic model.

        1 MB of them at once at most. ConversionError, before anything is sent, for what is not
        JSON; WorkersError where the service refuses. JS: Pipeline.send.
        """
        given: object = records
        if isinstance(given, (str, dict)):
            kind = "str" if isinstance(given, str) else "dict"
            raise ConversionError(f"records: expected several, got a {kind}")
        ready = from_json(dumps([*records], "records"))
        with _raising:
            await method(self._js, "send", ready)
