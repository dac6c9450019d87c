"""Vectorize over memory, with exact answers: ``FakeVectorize`` and, of the first version,
``FakeVectorizeIndex``.

Stand-ins: no local runtime has Vectorize. What the runtime's own client does was seen; what the
service does is its documentation's, and texts of errors with a number are those that its users
quote. See ``vectorize`` for what is neither.
"""

from __future__ import annotations

import math
import operator
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
    check_id,
    check_ids,
    check_keys,
    cut,
    failed,
    leaves,
    nested,
    query_vector,
    tests_of,
    type_of,
)

if TYPE_CHECKING:
    from ...vectorize import VectorizeDistanceMetric

__all__ = ["FakeVectorize", "FakeVectorizeIndex", "vectorize", "vectors"]

MAX_DIMENSIONS = 1536
MAX_NAMESPACE = 64
MAX_METADATA = 10 * 1024
MAX_BATCH = 1000
MAX_GET, MAX_DELETE = 20, 100
MAX_TOP_K, MAX_TOP_K_WHOLE, MAX_TOP_K_V1 = 100, 50, 20
MAX_NAMESPACES = 50_000
MAX_METADATA_INDEXES = 10
TOP_K = 5

MetadataType: TypeAlias = Literal["string", "number", "boolean"]
Vector: TypeAlias = "array[float]"


class Stored(NamedTuple):
    id: str
    values: Vector
    norm: float
    namespace: str | None
    metadata: str | None
    """As JSON, so that everybody gets one of his own."""
    indexed: dict[str, Any]
    """What filters see: property, with dots, to value."""


class Mutation(NamedTuple):
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
    """An index over memory: ``fake(AppEnv, INDEX=vectorize(dimensions=768))``.

    One that ``fake`` makes itself has metric "cosine", and the dimensions of its first vector.
    ``metadata_indexes`` are those made before the vectors came, a property (``"place.city"``) to
    its type: a filter on any other matches nothing. Without them every property counts as indexed.
    A change shows ``visible_after`` so many seconds: at once, unless told otherwise. The clock is
    that of the Worker that it is given to, unless it has one.

    Not documented, and here so: ``$ne`` and ``$nin`` match what lacks the property, ``$eq`` None
    too; ``query_by_id`` finds nothing for an id that is not there; of two vectors as near as each
    other the older comes first.
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
    """All that a fake index holds, oldest first; what is not visible yet is left out."""
    inside = raw(index)
    if not isinstance(inside, _Index):
        raise TypeError(f"vectors() looks into an index that fake() made, not {type(index)}")
    return [
        VectorizeVector(one.id, [*one.values], one.namespace, _metadata(one))
        for one in inside.visible().values()
    ]


class _Index:
    """What both versions are underneath."""

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
        if metric not in _NEARNESS:
            raise ValueError(f"metric: expected one of {', '.join(_NEARNESS)}, got {metric!r}")
        if len(metadata_indexes or ()) > MAX_METADATA_INDEXES:
            raise ValueError(f"metadata_indexes: expected at most {MAX_METADATA_INDEXES}")
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
        if self.clock is None:  # it is no Worker's
            self.clock = Clock()
        return self.clock.now()

    def visible(self) -> dict[str, Stored]:
        """By id, what a query sees by now."""
        now = self.now()
        while self._waiting and self._waiting[0].visible <= now:
            self.last = self._waiting.pop(0)
            self.last.apply(self._stored)
        return self._stored

    def change(self, apply: Callable[[dict[str, Stored]], None]) -> str:
        after = self.now() + _milliseconds(self.visible_after if self.late is None else self.late)
        if self._waiting:  # changes keep their order
            after = max(after, self._waiting[-1].visible)
        self._waiting.append(Mutation(str(uuid4()), after, apply))
        return self._waiting[-1].id

    def insertion(self, given: Any, *, replace: bool) -> Callable[[dict[str, Stored]], None]:
        """What ``insert`` and ``upsert`` do, once it has passed the checks."""
        what = "upsert" if replace else "insert"
        operation = f"VECTOR_{what.upper()}"
        if len(given) > MAX_BATCH:
            raise failed(operation, f"too many vectors; max is {MAX_BATCH}, got {len(given)}")
        made = [self._ready(operation, what, one) for one in given]
        self._namespaces.update(one.namespace for one in made if one.namespace is not None)
        if len(self._namespaces) > MAX_NAMESPACES:
            raise failed(operation, f"too many namespaces; max is {MAX_NAMESPACES}")

        def apply(stored: dict[str, Stored]) -> None:
            for one in made:
                if replace:
                    stored.pop(one.id, None)
                    stored[one.id] = one
                else:
                    stored.setdefault(one.id, one)

        return apply

    def _ready(self, operation: str, what: str, one: dict[str, Any]) -> Stored:
        id, values, namespace = one["id"], array("f", one["values"]), one.get("namespace")
        check_id(operation, id)
        if not all(map(math.isfinite, values)):  # which JSON does not know
            reason = f"failed to parse {what} vectors request in json format"
            raise failed(operation, reason, 40023)
        if self.dimensions is None:
            self.dimensions = len(values)
        if len(values) != self.dimensions:
            sizes = f"expected {self.dimensions} dimensions, and got {len(values)} dimensions"
            raise failed(operation, f'invalid vector for id="{id}", {sizes}', 40012)
        if namespace is not None and (size := len(namespace.encode())) > MAX_NAMESPACE:
            reason = f"namespace too long; max is {MAX_NAMESPACE} bytes, got {size} bytes"
            raise failed(operation, reason)
        metadata = one.get("metadata")
        text = None if metadata is None else dumps(metadata)
        if text is not None and (size := len(text.encode())) > MAX_METADATA:
            reason = f'oversized metadata for vector id="{id}"; the compact JSON representation of'
            reason += f" the metadata must not exceed {MAX_METADATA} bytes, got {size} bytes"
            raise failed(operation, reason, 40016)
        check_keys(operation, id, metadata)
        norm = math.sqrt(_dot(values, values))
        return Stored(id, values, norm, namespace, text, self._indexed(metadata or {}))

    def _indexed(self, metadata: dict[str, Any]) -> dict[str, Any]:
        found = {path: cut(value) for path, value in leaves(metadata)}
        if self.metadata_indexes is None:
            return found
        return {
            path: value
            for path, value in found.items()
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
        """The answer of a query."""
        count = TOP_K if top_k is None else int(top_k)
        if count < 1:
            raise failed("VECTOR_QUERY", f"min top K is 1, but got {count}")
        if count > most:
            reason = f"max top K is {most}, but got {count}"
            if most == MAX_TOP_K_WHOLE:
                retry = "retry with returnValues=false and returnMetadata=indexed"
                reason = f"with returnValues=true or returnMetadata=all, {reason}"
                reason += f"; for a top K up to {MAX_TOP_K}, {retry}"
            raise failed("VECTOR_QUERY", reason, 40025)
        tests = tests_of(conditions)
        if values is None:
            return {"matches": [], "count": 0}
        if self.dimensions is not None and len(values) != self.dimensions:
            sizes = f"expected {self.dimensions} dimensions, and got {len(values)} dimensions"
            raise failed("VECTOR_QUERY", f"invalid query vector, {sizes}", 40006)
        known = self.metadata_indexes
        if known is not None and any(path not in known for path in tests):
            return {"matches": [], "count": 0}
        among = [
            one
            for one in self.visible().values()
            if (namespace is None or one.namespace == namespace)
            and all(test(one.indexed.get(path)) for path, test in tests.items())
        ]
        sign, score = _NEARNESS[self.metric]
        scores = score([*values], among)
        # a stable order, as enumerate's number would make of it, and twice as fast
        best = nlargest(count, range(len(among)), key=lambda at: sign * scores[at])
        matches = [{"id": among[at].id, "score": scores[at], **show(among[at])} for at in best]
        return {"matches": matches, "count": len(matches)}

    def whole(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        stored = self.visible()
        found = (stored[id] for id in ids if id in stored)
        return [{"id": one.id, **_namespace(one), **_values(one), **_all(one)} for one in found]


@yields_to_others
class FakeVectorize(_Index):
    """JS: Vectorize."""

    async def describe(self) -> Any:
        count = len(self.visible())
        info: dict[str, Any] = {"vectorCount": count, "dimensions": self.dimensions or 0}
        if self.last is not None:
            at = datetime.fromtimestamp(self.last.visible / 1000, timezone.utc)
            info["processedUpToDatetime"] = at.isoformat().replace("+00:00", "Z")
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
        found = self.visible().get(vectorId)
        values = None if found is None else found.values
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
        return self.whole(ids)

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
            known = 'true, false, "none", "indexed" or "all"'
            raise JsException(
                "Error", f"Invalid returnMetadata option. Expected: {known}; got: {level}"
            )
        if level is False or level == "":
            reason = "Failed to parse the request body as JSON: returnMetadata: expected value"
            raise failed("VECTOR_QUERY", reason, 40026)
        whole = level in (True, "all")
        most = MAX_TOP_K_WHOLE if whole or return_values else MAX_TOP_K

        def show(one: Stored) -> dict[str, Any]:
            shown = _namespace(one)
            if return_values:
                shown.update(_values(one))
            if whole:
                shown.update(_all(one))
            elif level == "indexed" and one.indexed:
                shown["metadata"] = nested(one.indexed)
            return shown

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
            expected = f"Expected boolean; got: {returnMetadata}"
            raise JsException("Error", f"Invalid returnMetadata option. {expected}")

        def show(one: Stored) -> dict[str, Any]:
            shown = _namespace(one)
            if returnValues:
                shown.update(_values(one))
            if returnMetadata:
                shown.update(_all(one))
            return shown

        values = query_vector(vector)
        return self.nearest(values, topK, MAX_TOP_K_V1, namespace, filter, show)

    async def insert(self, vectors: Any, /) -> Any:
        apply, before = self.insertion(vectors, replace=False), {*self.visible()}
        self.change(apply)
        return _applied(dict.fromkeys(one["id"] for one in vectors if one["id"] not in before))

    async def upsert(self, vectors: Any, /) -> Any:
        self.change(self.insertion(vectors, replace=True))
        return _applied(dict.fromkeys(one["id"] for one in vectors))

    async def deleteByIds(self, ids: Any, /) -> Any:
        gone = dict.fromkeys(id for id in ids if id in self.visible())
        self.change(_deletion(ids))
        return _applied(gone)

    async def getByIds(self, ids: Any, /) -> Any:
        return self.whole(ids)


def _milliseconds(wait: float | timedelta) -> float:
    step = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
    return step / timedelta(milliseconds=1)


def _applied(ids: Iterable[str]) -> dict[str, Any]:
    listed = [*ids]
    return {"ids": listed, "count": len(listed)}


def _deletion(ids: list[str]) -> Callable[[dict[str, Stored]], None]:
    def apply(stored: dict[str, Stored]) -> None:
        for id in ids:
            stored.pop(id, None)

    return apply


# Scores. benchmarks/README.md says how long they take.


def _products(one: Iterable[float], other: Iterable[float]) -> float:
    return sum(map(operator.mul, one, other), 0.0)


_dot: Callable[[Iterable[float], Iterable[float]], float] = getattr(math, "sumprod", _products)
"""From Python 3.12 on there is one that is three times as fast."""


def _cosine(values: list[float], among: list[Stored]) -> list[float]:
    norm = math.sqrt(_dot(values, values))
    return [_dot(values, one.values) / (norm * one.norm or 1.0) for one in among]


def _euclidean(values: list[float], among: list[Stored]) -> list[float]:
    point = tuple(values)
    return [math.dist(point, one.values) for one in among]


def _dot_product(values: list[float], among: list[Stored]) -> list[float]:
    return [-_dot(values, one.values) for one in among]


_NEARNESS: dict[str, tuple[int, Callable[[list[float], list[Stored]], list[float]]]] = {
    "cosine": (1, _cosine),
    "euclidean": (-1, _euclidean),
    "dot-product": (-1, _dot_product),
}
"""Of each metric which way is near, and the scores."""


# What a match shows


def _namespace(one: Stored) -> dict[str, Any]:
    return {} if one.namespace is None else {"namespace": one.namespace}


def _values(one: Stored) -> dict[str, Any]:
    return {"values": [*one.values]}


def _metadata(one: Stored) -> Any:
    return None if one.metadata is None else from_json(one.metadata)


def _all(one: Stored) -> dict[str, Any]:
    return {} if one.metadata is None else {"metadata": _metadata(one)}
