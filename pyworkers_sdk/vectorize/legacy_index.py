"""The first version of Vectorize: ``VectorizeIndex``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._border import JsWrapper, binding, from_js, raising, to_vector
from ..errors import VectorizeError
from . import filter_of, ids_of, matches_of, vector_of, vectors_of

if TYPE_CHECKING:
    from .. import _js
    from . import (
        VectorizeDistanceMetric,
        VectorizeMatches,
        VectorizeVector,
        VectorizeVectorMetadataFilter,
    )

__all__ = [
    "VectorizeIndex",
    "VectorizeIndexConfig",
    "VectorizeIndexDetails",
    "VectorizeVectorMutation",
]

_raising = raising(VectorizeError)


class VectorizeVectorMutation:
    """A change that has taken effect; iterating gives the ids. JS: VectorizeVectorMutation."""

    __slots__ = ("count", "ids")

    def __init__(self, ids: list[str], count: int) -> None:
        self.ids: list[str] = ids
        self.count: int = count

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"VectorizeVectorMutation({self.ids!r}, {self.count!r})"


class VectorizeIndexConfig(NamedTuple):
    """What an index was made with: dimensions and metric, or a preset. JS: VectorizeIndexConfig."""

    dimensions: int | None
    metric: VectorizeDistanceMetric | None
    preset: str | None


class VectorizeIndexDetails(NamedTuple):
    """An index of the old kind. JS: VectorizeIndexDetails."""

    id: str
    name: str
    description: str | None
    config: VectorizeIndexConfig
    vectors_count: int


class VectorizeIndex(JsWrapper["_js.VectorizeIndex"]):
    """A Vectorize index of the first version, which the service no longer makes: at most 20
    matches, metadata all or none, and changes that take effect at once. Errors are as with
    ``Vectorize``.

    JS: VectorizeIndex.
    """

    __slots__ = ()

    def __init__(self, index: _js.VectorizeIndex) -> None:
        self._js = binding(index, "VectorizeIndex", "getByIds")

    async def describe(self) -> VectorizeIndexDetails:
        """What the index is, and how much is in it. JS: VectorizeIndex.describe."""
        with _raising:
            found = from_js(await self._js.describe())
        config = found["config"]
        return VectorizeIndexDetails(
            found["id"],
            found["name"],
            found.get("description"),
            VectorizeIndexConfig(
                config.get("dimensions"), config.get("metric"), config.get("preset")
            ),
            found["vectorsCount"],
        )

    async def query(
        self,
        vector: Iterable[float],
        *,
        top_k: int | None = None,
        namespace: str | None = None,
        return_values: bool = False,
        return_metadata: bool = False,
        filter: VectorizeVectorMetadataFilter | None = None,
    ) -> VectorizeMatches:
        """The ``top_k`` (5, at most 20) vectors nearest to this one. JS: VectorizeIndex.query."""
        with _raising:
            found = await self._js.query(
                to_vector(vector, "vector"),
                topK=top_k,
                namespace=namespace,
                returnValues=return_values,
                returnMetadata=return_metadata,
                filter=filter_of(filter),
            )
        return matches_of(found)

    async def insert(self, vectors: Iterable[VectorizeVector]) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors; an id that is there already keeps its vector.

        JS: VectorizeIndex.insert.
        """
        with _raising:
            found = await self._js.insert(vectors_of(vectors))
        return _applied(found)

    async def upsert(self, vectors: Iterable[VectorizeVector]) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors, each in place of what has its id.

        JS: VectorizeIndex.upsert.
        """
        with _raising:
            found = await self._js.upsert(vectors_of(vectors))
        return _applied(found)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeVectorMutation:
        """Delete vectors. JS: VectorizeIndex.deleteByIds."""
        with _raising:
            found = await self._js.deleteByIds(ids_of(ids))
        return _applied(found)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """The vectors of these ids, whole. JS: VectorizeIndex.getByIds."""
        with _raising:
            found = from_js(await self._js.getByIds(ids_of(ids)))
        return [vector_of(one) for one in found]


def _applied(found: Any) -> VectorizeVectorMutation:
    answer: dict[str, Any] = from_js(found)
    return VectorizeVectorMutation(answer["ids"], answer["count"])
