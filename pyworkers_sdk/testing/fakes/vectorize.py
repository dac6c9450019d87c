"""Vectorize over memory, with exact search: ``FakeVectorize``, and ``FakeVectorizeIndex`` (V1).

No local runtime has Vectorize. The contract checks run the runtime's own client in workerd in front
of a stand-in of the service (tests/real/stand_ins/vectorize.mjs), so the client's behaviour is
verified. The service follows Cloudflare's documentation, and its coded error messages are quotes
that users report. The docstring of ``vectorize`` lists the remaining assumptions.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from heapq import nlargest
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from uuid import uuid4

from ..._border import dumps, from_json, raw
from ..._cpython.js_exception import JsException
from ...vectorize import Vectorize, VectorizeVector
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .vectorize_rules import (
    MAX_BATCH,
    MAX_DELETE,
    MAX_DIMENSIONS,
    MAX_GET,
    MAX_METADATA,
    MAX_METADATA_INDEXES,
    MAX_NAMESPACE,
    MAX_NAMESPACES,
    MAX_TOP_K,
    MAX_TOP_K_V1,
    MAX_TOP_K_WHOLE,
    TOP_K,
    check_id,
    check_ids,
    check_keys,
    check_top_k,
    coded,
    failed,
    indexed_part,
    leaves,
    nested,
    query_vector,
    tests_of,
    type_of,
)
from .vectorize_scores import METRICS, Stored, dot

if TYPE_CHECKING:
    from ...vectorize import VectorizeDistanceMetric

__all__ = ["FakeVectorize", "FakeVectorizeIndex", "vectorize", "vectors"]

# Quotes of the runtime's client. It checks this option itself (contract checks
# test_unknown_metadata_level_raises and test_v1_refuses_levels_dimensions_and_top_k).
BAD_LEVEL = (
    'Invalid returnMetadata option. Expected: true, false, "none", "indexed" or "all"; got: {}'
)
BAD_LEVEL_V1 = "Invalid returnMetadata option. Expected boolean; got: {}"

MetadataType: TypeAlias = Literal["string", "number", "boolean"]
Vector: TypeAlias = "array[float]"


class Mutation(NamedTuple):
    """A change, and the time in milliseconds from which it is visible."""

    id: str
    visible: float
    apply: Callable[[dict[str, Stored]], None]


def vectorize(
    *,
    dimensions: int,
    metric: VectorizeDistanceMetric = "cosine",
    metadata_indexes: Mapping[str, MetadataType] | None = None,
    visible_after: float | timedelta = 0,
    clock: Clock | None = None,
) -> Vectorize:
    """Create a fake index: ``fake(AppEnv, INDEX=vectorize(dimensions=768))``.

    An index that ``fake()`` creates itself has the metric "cosine" and the dimensions of its first
    vector.

    Args:
        dimensions: The number of values of each vector, at most 1,536.
        metric: The metric of the scores.
        metadata_indexes: The metadata indexes that exist before the first vector: a property, such
            as ``"place.city"``, to its type. A filter on any other property matches nothing. By
            default every property is indexed.
        visible_after: The delay until a change is visible, as a timedelta or in seconds; 0 by
            default.
        clock: The clock of the index; by default that of the Worker that uses it.

    Raises:
        ValueError: An argument is out of range.

    The documentation leaves these questions open; the fake answers them so: ``$ne`` and ``$nin``
    match a vector without the property, and so does ``$eq`` with None. ``query_by_id`` with an
    unknown id returns no matches. Of two vectors with the same score, the older comes first.
    """
    return Vectorize(
        FakeVectorize(
            clock=clock,
            dimensions=dimensions,
            metric=metric,
            metadata_indexes=metadata_indexes,
            visible_after=visible_after,
        )
    )


def vectors(index: Any) -> list[VectorizeVector]:
    """Return the visible vectors of a fake index, oldest first.

    Raises:
        TypeError: ``index`` does not come from ``fake()`` or ``vectorize()``.
    """
    inside = raw(index)
    if not isinstance(inside, _Index):
        raise TypeError(
            f"vectors(): expected an index that fake() made, got {type(index).__name__}"
        )
    return [
        VectorizeVector(vector.id, [*vector.values], vector.namespace, _metadata(vector))
        for vector in inside.visible().values()
    ]


class _Index:
    """Base of both versions: storage, changes and search."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        dimensions: int | None = None,
        metric: VectorizeDistanceMetric = "cosine",
        metadata_indexes: Mapping[str, MetadataType] | None = None,
        visible_after: float | timedelta = 0,
    ) -> None:
        if dimensions is not None and not 1 <= dimensions <= MAX_DIMENSIONS:
            raise ValueError(f"dimensions: expected 1 to {MAX_DIMENSIONS}, got {dimensions}")
        if metric not in METRICS:
            raise ValueError(f"metric: expected one of {', '.join(METRICS)}, got {metric!r}")
        if (count := len(metadata_indexes or ())) > MAX_METADATA_INDEXES:
            raise ValueError(
                f"metadata_indexes: expected at most {MAX_METADATA_INDEXES}, got {count}"
            )
        self.clock = clock
        self.dimensions = dimensions
        self.metric = metric
        self.metadata_indexes = metadata_indexes
        self.visible_after = visible_after
        self.late: float | timedelta | None = None
        self.last: Mutation | None = None
        self._stored: dict[str, Stored] = {}
        self._namespaces: set[str] = set()
        self._waiting: list[Mutation] = []

    def now(self) -> float:
        # A Worker's env sets the clock later, so the index creates one only when it needs it.
        if self.clock is None:
            self.clock = Clock()
        return self.clock.now()

    def visible(self) -> dict[str, Stored]:
        """Apply the changes that are due, and return the visible vectors by their ids."""
        now = self.now()
        while self._waiting and self._waiting[0].visible <= now:
            self.last = self._waiting.pop(0)
            self.last.apply(self._stored)
        return self._stored

    def change(self, apply: Callable[[dict[str, Stored]], None]) -> str:
        """Schedule a change, and return its id."""
        delay = self.visible_after if self.late is None else self.late
        visible = self.now() + _milliseconds(delay)
        if self._waiting:  # changes keep their order
            visible = max(visible, self._waiting[-1].visible)
        self._waiting.append(Mutation(str(uuid4()), visible, apply))
        return self._waiting[-1].id

    def insertion(self, vectors: Any, *, replace: bool) -> Callable[[dict[str, Stored]], None]:
        """Check the vectors of ``insert`` or ``upsert``, and return the change that stores them.

        The checks come first: the service stores all vectors or none.
        """
        name = "upsert" if replace else "insert"
        operation = f"VECTOR_{name.upper()}"
        if len(vectors) > MAX_BATCH:
            raise failed(operation, f"too many vectors; max is {MAX_BATCH}, got {len(vectors)}")
        checked = [self._checked(operation, name, vector) for vector in vectors]
        self._namespaces.update(
            vector.namespace for vector in checked if vector.namespace is not None
        )
        if len(self._namespaces) > MAX_NAMESPACES:
            raise failed(operation, f"too many namespaces; max is {MAX_NAMESPACES}")

        def apply(stored: dict[str, Stored]) -> None:
            for vector in checked:
                if replace:
                    stored.pop(vector.id, None)  # so that it becomes the newest
                    stored[vector.id] = vector
                else:
                    stored.setdefault(vector.id, vector)

        return apply

    def _checked(self, operation: str, name: str, vector: dict[str, Any]) -> Stored:
        id, values, namespace = vector["id"], array("f", vector["values"]), vector.get("namespace")
        check_id(operation, id)
        # The client sends JSON, where NaN and infinity become null.
        if not all(map(math.isfinite, values)):
            raise coded(operation, 40023, change=name)
        if self.dimensions is None:
            self.dimensions = len(values)
        if len(values) != self.dimensions:
            raise coded(operation, 40012, id=id, wanted=self.dimensions, got=len(values))
        if namespace is not None and (size := len(namespace.encode())) > MAX_NAMESPACE:
            reason = f"namespace too long; max is {MAX_NAMESPACE} bytes, got {size} bytes"
            raise failed(operation, reason)
        metadata = vector.get("metadata")
        text = None if metadata is None else dumps(metadata)
        if text is not None and (size := len(text.encode())) > MAX_METADATA:
            raise coded(operation, 40016, id=id, most=MAX_METADATA, got=size)
        check_keys(operation, id, metadata)
        norm = math.sqrt(dot(values, values))
        return Stored(id, values, norm, namespace, text, self._indexed(metadata or {}))

    def _indexed(self, metadata: dict[str, Any]) -> dict[str, Any]:
        values = {path: indexed_part(value) for path, value in leaves(metadata)}
        if self.metadata_indexes is None:
            return values
        # A metadata index ignores values of another type.
        return {
            path: value
            for path, value in values.items()
            if type_of(value) == self.metadata_indexes.get(path, "none")
        }

    def nearest(
        self,
        values: Vector | None,
        top_k: float | None,
        most: int,
        namespace: str | None,
        conditions: Mapping[str, Any] | None,
        show: Callable[[Stored], dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the answer to a query; ``show`` returns the fields of a match.

        ``values`` is None for the id of a missing vector, and ``most`` the largest ``top_k``.
        """
        count = TOP_K if top_k is None else int(top_k)
        check_top_k(count, most)
        tests = tests_of(conditions)
        if values is None:
            return {"matches": [], "count": 0}
        if self.dimensions is not None and len(values) != self.dimensions:
            raise coded("VECTOR_QUERY", 40006, wanted=self.dimensions, got=len(values))
        indexes = self.metadata_indexes
        if indexes is not None and any(path not in indexes for path in tests):
            return {"matches": [], "count": 0}
        candidates = [
            vector
            for vector in self.visible().values()
            if (namespace is None or vector.namespace == namespace)
            and all(test(vector.indexed.get(path)) for path, test in tests.items())
        ]
        sign, score = METRICS[self.metric]
        scores = score([*values], candidates)
        # Ranking indexes is twice as fast as ranking tuples. nlargest is stable: of equal scores,
        # the older vector comes first.
        best = nlargest(count, range(len(candidates)), key=lambda index: sign * scores[index])
        matches = [
            {"id": candidates[index].id, "score": scores[index], **show(candidates[index])}
            for index in best
        ]
        return {"matches": matches, "count": len(matches)}

    def with_ids(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """Return the vectors with these ids, with values and metadata."""
        stored = self.visible()
        return [
            {"id": id, **_namespace(stored[id]), **_values(stored[id]), **_all(stored[id])}
            for id in ids
            if id in stored
        ]


@yields_to_others
class FakeVectorize(_Index):
    """JS: Vectorize."""

    async def describe(self) -> Any:
        count = len(self.visible())  # applies the changes that are due, and sets ``last``
        info: dict[str, Any] = {"vectorCount": count, "dimensions": self.dimensions or 0}
        if self.last is not None:
            applied = datetime.fromtimestamp(self.last.visible / 1000, timezone.utc)
            info["processedUpToDatetime"] = applied.isoformat().replace("+00:00", "Z")
            info["processedUpToMutation"] = self.last.id
        return info

    async def query(
        self,
        vector: Any,
        /,
        *,
        topK: float | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: bool | str | None = None,
        filter: Any = None,
    ) -> Any:
        values = query_vector(vector)
        return self._query(values, topK, namespace, returnValues, returnMetadata, filter)

    async def queryById(
        self,
        vectorId: str,
        /,
        *,
        topK: float | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: bool | str | None = None,
        filter: Any = None,
    ) -> Any:
        check_id("VECTOR_QUERY", vectorId)
        vector = self.visible().get(vectorId)
        values = None if vector is None else vector.values
        return self._query(values, topK, namespace, returnValues, returnMetadata, filter)

    async def insert(self, vectors: Any, /) -> Any:
        return {"mutationId": self.change(self.insertion(vectors, replace=False))}

    async def upsert(self, vectors: Any, /) -> Any:
        return {"mutationId": self.change(self.insertion(vectors, replace=True))}

    async def deleteByIds(self, ids: Any, /) -> Any:
        check_ids("VECTOR_DELETE", ids, MAX_DELETE)
        return {"mutationId": self.change(_deletion(ids))}

    async def getByIds(self, ids: Any, /) -> Any:
        check_ids("VECTOR_GET", ids, MAX_GET)
        return self.with_ids(ids)

    def _query(
        self,
        values: Vector | None,
        top_k: float | None,
        namespace: str | None,
        return_values: bool | None,
        level: bool | str | None,
        conditions: Any,
    ) -> Any:
        if level and level not in (True, "all", "indexed", "none"):
            raise JsException("Error", BAD_LEVEL.format(level))
        # The client sends these two unchanged, and the service refuses them.
        if level is False or level == "":
            raise coded("VECTOR_QUERY", 40026, field="returnMetadata")
        all_metadata = level in (True, "all")
        most = MAX_TOP_K_WHOLE if all_metadata or return_values else MAX_TOP_K

        def show(vector: Stored) -> dict[str, Any]:
            fields = _namespace(vector)
            if return_values:
                fields.update(_values(vector))
            if all_metadata:
                fields.update(_all(vector))
            elif level == "indexed" and vector.indexed:
                fields["metadata"] = nested(vector.indexed)
            return fields

        return self.nearest(values, top_k, most, namespace, conditions, show)


@yields_to_others
class FakeVectorizeIndex(_Index):
    """JS: VectorizeIndex. Its changes are visible at once."""

    async def describe(self) -> Any:
        return {
            "id": str(uuid4()),
            "name": "index",
            "config": {"dimensions": self.dimensions or 0, "metric": self.metric},
            "vectorsCount": len(self.visible()),
        }

    async def query(
        self,
        vector: Any,
        /,
        *,
        topK: float | None = None,
        namespace: str | None = None,
        returnValues: bool | None = None,
        returnMetadata: bool | None = None,
        filter: Any = None,
    ) -> Any:
        if returnMetadata and not isinstance(returnMetadata, bool):
            raise JsException("Error", BAD_LEVEL_V1.format(returnMetadata))

        def show(vector: Stored) -> dict[str, Any]:
            fields = _namespace(vector)
            if returnValues:
                fields.update(_values(vector))
            if returnMetadata:
                fields.update(_all(vector))
            return fields

        values = query_vector(vector)
        return self.nearest(values, topK, MAX_TOP_K_V1, namespace, filter, show)

    async def insert(self, vectors: Any, /) -> Any:
        apply, before = self.insertion(vectors, replace=False), {*self.visible()}
        self.change(apply)
        added = (vector["id"] for vector in vectors if vector["id"] not in before)
        return _applied(dict.fromkeys(added))

    async def upsert(self, vectors: Any, /) -> Any:
        self.change(self.insertion(vectors, replace=True))
        return _applied(dict.fromkeys(vector["id"] for vector in vectors))

    async def deleteByIds(self, ids: Any, /) -> Any:
        deleted = dict.fromkeys(id for id in ids if id in self.visible())
        self.change(_deletion(ids))
        return _applied(deleted)

    async def getByIds(self, ids: Any, /) -> Any:
        return self.with_ids(ids)


def _milliseconds(wait: float | timedelta) -> float:
    duration = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
    return duration / timedelta(milliseconds=1)


def _applied(ids: Iterable[str]) -> dict[str, Any]:
    """Return the answer of V1 to a change of these vectors."""
    changed = [*ids]
    return {"ids": changed, "count": len(changed)}


def _deletion(ids: list[str]) -> Callable[[dict[str, Stored]], None]:
    def apply(stored: dict[str, Stored]) -> None:
        for id in ids:
            stored.pop(id, None)

    return apply


# Fields of a match -------------------------------------------------------------------------------


def _namespace(vector: Stored) -> dict[str, Any]:
    return {} if vector.namespace is None else {"namespace": vector.namespace}


def _values(vector: Stored) -> dict[str, Any]:
    return {"values": [*vector.values]}


def _metadata(vector: Stored) -> Any:
    return None if vector.metadata is None else from_json(vector.metadata)


def _all(vector: Stored) -> dict[str, Any]:
    return {} if vector.metadata is None else {"metadata": _metadata(vector)}
