"""``VersionMetadata``: the version of the running Worker."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ._border import JsWrapper, prop, raw
from .errors import BindingError

if TYPE_CHECKING:
    from . import _js

__all__ = ["VersionMetadata"]


class VersionMetadata(JsWrapper["_js.WorkerVersionMetadata"]):
    """The version of the running Worker: ``VERSION: VersionMetadata`` in an Env.

    JS: WorkerVersionMetadata.
    """

    __slots__ = ()

    def __init__(self, version: _js.WorkerVersionMetadata) -> None:
        self._js = raw(version)
        if prop(self._js, "timestamp") is None:
            value: Any = version
            got = "None" if value is None else type(value).__name__
            raise BindingError(
                f"VersionMetadata: expected a binding, got {got}; configure version_metadata"
            )

    def __crossing__(self) -> dict[str, Any]:
        return {"id": self.id, "tag": self.tag, "timestamp": self.timestamp}

    @property
    def id(self) -> str:
        """The id of the version, a UUID.

        JS: WorkerVersionMetadata.id.
        """
        return str(prop(self._js, "id"))

    @property
    def tag(self) -> str:
        """The tag from ``wrangler versions upload --tag``, or "".

        JS: WorkerVersionMetadata.tag.
        """
        return str(prop(self._js, "tag"))

    @property
    def timestamp(self) -> datetime:
        """The time of the upload, as an aware UTC datetime.

        JS: WorkerVersionMetadata.timestamp.
        """
        return datetime.fromisoformat(prop(self._js, "timestamp"))

    def __repr__(self) -> str:
        return f"<VersionMetadata {self.id} {self.tag!r}>"
