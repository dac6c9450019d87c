"""``Pipeline``: send records to R2, where they are stored in files that can be queried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ._border import JsWrapper, binding, dumps, expected, from_json, raising
from ._border.rpc import method
from .errors import WorkersError

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from . import _js

    T = TypeVarWithDefault("T", default=Mapping[str, Any])
else:
    T = TypeVar("T")

__all__ = ["Pipeline"]

_raising = raising(WorkersError)


class Pipeline(JsWrapper["_js.Pipeline"], Generic[T]):
    """A stream of Cloudflare Pipelines: ``CLICKS: Pipeline[Click]`` in an Env.

    JS: cloudflare:pipelines.Pipeline.
    """

    __slots__ = ()

    def __init__(self, pipeline: _js.Pipeline) -> None:
        self._js = binding(pipeline, "Pipeline", "send")

    async def send(self, records: Iterable[T]) -> None:
        """Send records to the stream.

        Args:
            records: Dicts, dataclasses or pydantic models, each sent as a JSON object. One call
                sends at most 1 MB.

        Raises:
            WorkersError: The service refused the records.
            ConversionError: A record is not JSON. Nothing is sent then.

        JS: Pipeline.send.
        """
        if isinstance(records, (str, dict)):  # Both are iterable, but a single record is meant.
            hint = "pass [record]" if isinstance(records, dict) else ""
            raise expected("records", "an iterable of records", cast(object, records), hint)
        js_records = from_json(dumps([*records], "records"))
        with _raising:
            await method(self._js, "send", js_records)
