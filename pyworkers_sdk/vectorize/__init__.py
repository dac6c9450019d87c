"""Vectorize, a database of vectors: ``Vectorize``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from .._border import binding, from_js, text
from .._border.vectors import to_vector
from ._vectors import (
    VectorIndex,
    VectorizeDistanceMetric,
    VectorizeMatch,
    VectorizeMatches,
    VectorizeVector,
    VectorizeVectorDict,
    VectorizeVectorMetadataFilter,
    js_ids,
    js_vectors,
)

if TYPE_CHECKING:
    from .. import _js

__all__ = [
    "Vectorize",
    "VectorizeAsyncMutation",
    "VectorizeDistanceMetric",
    "VectorizeIndexInfo",
    "VectorizeMatch",
    "VectorizeMatches",
    "VectorizeMetadataRetrievalLevel",
    "VectorizeVector",
    "VectorizeVectorDict",
    "VectorizeVectorMetadataFilter",
]

# Both versions need these classes, so they are defined in _vectors. In repr(), help() and pickles
# they have the name of the module that users import them from.
for _type in (VectorizeMatch, VectorizeMatches, VectorizeVector, VectorizeVectorDict):
    _type.__module__ = __name__

VectorizeMetadataRetrievalLevel: TypeAlias = Literal["all", "indexed", "none"]
"""The metadata in the matches of a query.

"indexed" is only the properties with a metadata index, and only the first 64 bytes of their text.
"""


class VectorizeAsyncMutation(NamedTuple):
    """A change that was accepted, and takes effect some seconds later.

    The change is applied once ``describe()`` reports this id, or a later one, as
    ``processed_up_to_mutation``. JS: VectorizeAsyncMutation.
    """

    mutation_id: str


class VectorizeIndexInfo(NamedTuple):
    """The state of an index. JS: VectorizeIndexInfo."""

    vector_count: int
    dimensions: int
    processed_up_to_datetime: datetime | None
    """The time of the last applied change; None before the first."""
    processed_up_to_mutation: str | None
    """The id of the last applied change; None before the first."""


class Vectorize(VectorIndex["_js.Vectorize"]):
    """A Vectorize index: ``Vectorize(env.INDEX)``.

    Every method raises VectorizeError if the service refuses the request; ``code`` is the number of
    its error. Every method raises ConversionError, before anything is sent, for an argument that
    cannot cross. The error names the place of the value: ``vectors[2].metadata.price``.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

    JS: Vectorize.
    """

    __slots__ = ()

    def __init__(self, index: _js.Vectorize) -> None:
        self._js = binding(index, "Vectorize", "queryById")

    async def describe(self) -> VectorizeIndexInfo:
        """Return the size of the index, and the last change that was applied.

        JS: Vectorize.describe.
        """
        with self._raising:
            info = from_js(await self._js.describe())
        mutation = info.get("processedUpToMutation")
        return VectorizeIndexInfo(
            info["vectorCount"],
            info["dimensions"],
            _to_datetime(info.get("processedUpToDatetime")),
            None if mutation is None else str(mutation),
        )

    async def query(
        self,
        vector: Iterable[float],
        *,
        top_k: int | None = None,
        namespace: str | None = None,
        return_values: bool = False,
        return_metadata: bool | VectorizeMetadataRetrievalLevel = "none",
        filter: VectorizeVectorMetadataFilter | None = None,
    ) -> VectorizeMatches:
        """Return the vectors nearest to this one.

        Args:
            vector: As many numbers as the index has dimensions.
            top_k: The number of matches: 5 by default, at most 100; at most 50 with values or with
                all metadata.
            namespace: Search only in this namespace.
            return_values: Return the values of the matches. The scores are then exact.
            return_metadata: Return metadata; True is "all".
            filter: Search only vectors whose metadata fulfils this filter. The properties need a
                metadata index.

        JS: Vectorize.query.
        """
        with self._raising:
            return await self._query(
                self._js.query,
                to_vector(vector, "vector"),
                top_k,
                namespace,
                return_values,
                _level(return_metadata),
                filter,
            )

    async def query_by_id(
        self,
        vector_id: str,
        *,
        top_k: int | None = None,
        namespace: str | None = None,
        return_values: bool = False,
        return_metadata: bool | VectorizeMetadataRetrievalLevel = "none",
        filter: VectorizeVectorMetadataFilter | None = None,
    ) -> VectorizeMatches:
        """Return the vectors nearest to a vector in the index.

        Args:
            vector_id: The id of the vector.
            top_k: The number of matches: 5 by default, at most 100; at most 50 with values or with
                all metadata.
            namespace: Search only in this namespace.
            return_values: Return the values of the matches. The scores are then exact.
            return_metadata: Return metadata; True is "all".
            filter: Search only vectors whose metadata fulfils this filter. The properties need a
                metadata index.

        JS: Vectorize.queryById.
        """
        return await self._query(
            self._js.queryById,
            text(vector_id, "vector_id"),
            top_k,
            namespace,
            return_values,
            _level(return_metadata),
            filter,
        )

    async def insert(
        self, vectors: Iterable[VectorizeVector | VectorizeVectorDict]
    ) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors. A vector whose id exists is ignored.

        JS: Vectorize.insert.
        """
        with self._raising:
            answer = await self._js.insert(js_vectors(vectors))
        return _to_mutation(answer)

    async def upsert(
        self, vectors: Iterable[VectorizeVector | VectorizeVectorDict]
    ) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors. A vector whose id exists replaces the existing one.

        JS: Vectorize.upsert.
        """
        with self._raising:
            answer = await self._js.upsert(js_vectors(vectors))
        return _to_mutation(answer)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeAsyncMutation:
        """Delete at most 100 vectors. JS: Vectorize.deleteByIds."""
        with self._raising:
            answer = await self._js.deleteByIds(js_ids(ids))
        return _to_mutation(answer)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """Return at most 20 vectors with values and metadata; unknown ids are left out.

        JS: Vectorize.getByIds.
        """
        return await self._get_by_ids(self._js.getByIds, ids)


def _level(level: bool | VectorizeMetadataRetrievalLevel) -> str:
    # The runtime's client makes "all" of true, but sends false unchanged, and the service refuses
    # it (contract check test_raw_client_sends_false_as_a_level_that_the_service_refuses).
    if isinstance(level, bool):
        return "all" if level else "none"
    return level


def _to_mutation(js_answer: Any) -> VectorizeAsyncMutation:
    return VectorizeAsyncMutation(from_js(js_answer)["mutationId"])


def _to_datetime(value: Any) -> datetime | None:
    # Cloudflare's types declare a number of milliseconds; the documentation shows ISO text.
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return None if value is None else datetime.fromtimestamp(value / 1000, timezone.utc)
