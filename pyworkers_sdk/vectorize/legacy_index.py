"""The first version of Vectorize: ``VectorizeIndex``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._border import binding, from_js
from .._border.vectors import to_vector
from ._vectors import VectorIndex, VectorizeDistanceMetric, js_ids, js_vectors

if TYPE_CHECKING:
    from .. import _js
    from ._vectors import (
        VectorizeMatches,
        VectorizeVector,
        VectorizeVectorDict,
        VectorizeVectorMetadataFilter,
    )

__all__ = [
    "VectorizeIndex",
    "VectorizeIndexConfig",
    "VectorizeIndexDetails",
    "VectorizeVectorMutation",
]


class VectorizeVectorMutation:
    """A change that has taken effect; iterate over it for the ids. JS: VectorizeVectorMutation."""

    __slots__ = ("count", "ids")

    def __init__(self, ids: list[str], count: int) -> None:
        self.ids: list[str] = ids
        self.count: int = count

    def __crossing__(self) -> dict[str, Any]:
        return {"ids": self.ids, "count": self.count}

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"VectorizeVectorMutation({self.ids!r}, {self.count!r})"


class VectorizeIndexConfig(NamedTuple):
    """The configuration of an index: dimensions and metric, or a preset.

    JS: VectorizeIndexConfig.
    """

    dimensions: int | None
    metric: VectorizeDistanceMetric | None
    preset: str | None


class VectorizeIndexDetails(NamedTuple):
    """The state of an index of the first version. JS: VectorizeIndexDetails."""

    id: str
    name: str
    description: str | None
    config: VectorizeIndexConfig
    vectors_count: int


class VectorizeIndex(VectorIndex["_js.VectorizeIndex"]):
    """A Vectorize index of the first version: ``VectorizeIndex(env.INDEX)``.

    The service no longer creates such indexes. A query returns at most 20 matches, and metadata
    either all or none. Changes take effect at once. Errors are the same as for ``Vectorize``.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: VectorizeIndex.
    """

    __slots__ = ()

    def __init__(self, index: _js.VectorizeIndex) -> None:
        self._js = binding(index, "VectorizeIndex", "getByIds")

    async def describe(self) -> VectorizeIndexDetails:
        """Return the configuration and the size of the index. JS: VectorizeIndex.describe."""
        with self._raising:
            details = from_js(await self._js.describe())
        config = details["config"]
        return VectorizeIndexDetails(
            details["id"],
            details["name"],
            details.get("description"),
            VectorizeIndexConfig(
                config.get("dimensions"), config.get("metric"), config.get("preset")
            ),
            details["vectorsCount"],
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
        """Return the vectors nearest to this one.

        Args:
            vector: As many numbers as the index has dimensions.
            top_k: The number of matches: 5 by default, at most 20.
            namespace: Search only in this namespace.
            return_values: Return the values of the matches.
            return_metadata: Return the metadata of the matches.
            filter: Search only vectors whose metadata fulfils this filter.

        JS: VectorizeIndex.query.
        """
        with self._raising:
            return await self._query(
                self._js.query,
                to_vector(vector, "vector"),
                top_k,
                namespace,
                return_values,
                return_metadata,
                filter,
            )

    async def insert(
        self, vectors: Iterable[VectorizeVector | VectorizeVectorDict]
    ) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors. A vector whose id exists is ignored.

        JS: VectorizeIndex.insert.
        """
        with self._raising:
            answer = await self._js.insert(js_vectors(vectors))
        return _to_mutation(answer)

    async def upsert(
        self, vectors: Iterable[VectorizeVector | VectorizeVectorDict]
    ) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors. A vector whose id exists replaces the existing one.

        JS: VectorizeIndex.upsert.
        """
        with self._raising:
            answer = await self._js.upsert(js_vectors(vectors))
        return _to_mutation(answer)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeVectorMutation:
        """Delete vectors, and return the ids that existed. JS: VectorizeIndex.deleteByIds."""
        with self._raising:
            answer = await self._js.deleteByIds(js_ids(ids))
        return _to_mutation(answer)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """Return vectors with values and metadata; unknown ids are left out.

        JS: VectorizeIndex.getByIds.
        """
        return await self._get_by_ids(self._js.getByIds, ids)


def _to_mutation(js_answer: Any) -> VectorizeVectorMutation:
    answer: dict[str, Any] = from_js(js_answer)
    return VectorizeVectorMutation(answer["ids"], answer["count"])
