"""Shared by both versions of Vectorize: vectors, matches, filters, and how they cross."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict, cast

from .._border import JsT, JsWrapper, expected, from_js, raising, text, to_js
from .._border.values import JSON, convert
from .._border.vectors import to_vector
from .._options import made_of
from ..errors import VectorizeError

__all__ = [
    "VectorIndex",
    "VectorizeDistanceMetric",
    "VectorizeMatch",
    "VectorizeMatches",
    "VectorizeVector",
    "VectorizeVectorDict",
    "VectorizeVectorMetadataFilter",
    "js_filter",
    "js_ids",
    "js_vectors",
    "to_matches",
]

VectorizeDistanceMetric: TypeAlias = Literal["euclidean", "cosine", "dot-product"]
"""The metric of an index; it gives the ``score`` of a match.

- "cosine": the cosine of the angle; 1 is nearest, -1 farthest.
- "euclidean": the distance; 0 is nearest.
- "dot-product": the negated dot product; the smaller, the nearer.
"""

_Value: TypeAlias = str | float | bool | datetime | None
_Operators = TypedDict(
    "_Operators",
    {
        "$eq": _Value,
        "$ne": _Value,
        "$lt": _Value,
        "$lte": _Value,
        "$gt": _Value,
        "$gte": _Value,
        "$in": Sequence[_Value],
        "$nin": Sequence[_Value],
    },
    total=False,
)

VectorizeVectorMetadataFilter: TypeAlias = Mapping[str, _Value | _Operators]
"""A filter: a dict from a metadata property to a value, or to operators.

``{"genre": "drama", "year": {"$gte": 1990, "$lt": 2000}, "place.city": {"$in": ["Oslo", "Rome"]}}``
matches vectors that fulfil all three conditions. The operators are $eq, $ne, $lt, $lte, $gt, $gte,
$in and $nin. A dot leads into nested metadata. The filter must not be empty, and its JSON must be
shorter than 2,048 bytes. Annotate a dict with this type if you build it before the call.
"""


class VectorizeVectorDict(TypedDict):
    """A vector as a dict, as in Cloudflare's examples. ``insert`` and ``upsert`` take it, too."""

    id: str
    values: Iterable[float]
    namespace: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, Any] | None]


class VectorizeVector:
    """A vector: an id, and as many values as the index has dimensions. JS: VectorizeVector.

    Args:
        id: The id, at most 64 bytes.
        values: The values. They cross as 32-bit floats, and come back as ``list[float]``. An
            ``array``, a memoryview or a numpy array of floats crosses fastest.
        namespace: The namespace, at most 64 bytes.
        metadata: The metadata, at most 10 KiB of JSON. A key has no dot or quote, and does not
            begin with $.
    """

    __slots__ = ("id", "metadata", "namespace", "values")

    def __init__(
        self,
        id: str,
        values: Iterable[float],
        namespace: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.id: str = id
        self.values: Sequence[float] = cast(Sequence[float], values)
        self.namespace: str | None = namespace
        self.metadata: Mapping[str, Any] | None = metadata

    def __crossing__(self) -> dict[str, Any]:
        fields = {"id": self.id, "namespace": self.namespace, "metadata": self.metadata}
        return {**fields, "values": [*self.values]}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VectorizeVector):
            return NotImplemented
        return self._fields() == other._fields()

    def __repr__(self) -> str:
        return f"VectorizeVector{self._fields()!r}"

    def _fields(self) -> tuple[str, list[float], str | None, Mapping[str, Any] | None]:
        return self.id, [*self.values], self.namespace, self.metadata


class VectorizeMatch(NamedTuple):
    """A match of a query. JS: VectorizeMatch."""

    id: str
    score: float
    """The score by the metric of the index. See VectorizeDistanceMetric for the nearest score."""
    values: list[float] | None
    """The values, if the query requested them."""
    namespace: str | None
    metadata: dict[str, Any] | None
    """The metadata, if the query requested it."""


class VectorizeMatches:
    """The matches of a query, nearest first; iterate over it. JS: VectorizeMatches."""

    __slots__ = ("count", "matches")

    def __init__(self, matches: list[VectorizeMatch], count: int) -> None:
        self.matches: list[VectorizeMatch] = matches
        self.count: int = count

    def __crossing__(self) -> dict[str, Any]:
        return {"matches": self.matches, "count": self.count}

    def __iter__(self) -> Iterator[VectorizeMatch]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    def __repr__(self) -> str:
        return f"VectorizeMatches({self.matches!r}, {self.count!r})"


class VectorIndex(JsWrapper[JsT]):
    """Base of ``Vectorize`` and ``VectorizeIndex``."""

    __slots__ = ()

    _raising = raising(VectorizeError)

    async def _query(
        self,
        method: Any,
        target: Any,
        top_k: int | None,
        namespace: str | None,
        return_values: bool,
        return_metadata: bool | str,
        filter: Any,
    ) -> VectorizeMatches:
        with self._raising:
            answer = await method(
                target,
                topK=top_k,
                namespace=namespace,
                returnValues=return_values,
                returnMetadata=return_metadata,
                filter=js_filter(filter),
            )
        return to_matches(answer)

    async def _get_by_ids(self, method: Any, ids: Iterable[str]) -> list[VectorizeVector]:
        with self._raising:
            vectors = from_js(await method(js_ids(ids)))
        return [_to_vector(vector) for vector in vectors]


# To JavaScript -----------------------------------------------------------------------------------


class _Values:
    """A Float32Array within vectors that cross later; ``to_js`` takes it as it is."""

    __slots__ = ("js_object",)

    def __init__(self, values: Any) -> None:
        self.js_object = values


def js_vectors(vectors: Iterable[VectorizeVector | VectorizeVectorDict]) -> Any:
    """Return the array that ``insert`` and ``upsert`` take.

    Each vector's values cross as one typed array, and everything else in one crossing.
    """
    if isinstance(vectors, (VectorizeVector, Mapping)):
        one = cast(object, vectors)
        raise expected("vectors", "a list of VectorizeVector", one, "pass [vector]")
    items: Iterable[Any] = vectors
    entries = [_entry(vector, f"vectors[{index}]") for index, vector in enumerate(items)]
    return to_js(entries, "vectors")


def _entry(vector: Any, place: str) -> dict[str, Any]:
    if isinstance(vector, Mapping):  # as in Cloudflare's examples
        vector = made_of(VectorizeVector, vector, place, _FIELDS)
    if not isinstance(vector, VectorizeVector):
        raise expected(place, "VectorizeVector or a dict", vector)
    entry: dict[str, Any] = {
        "id": text(vector.id, f"{place}.id"),
        "values": _Values(to_vector(vector.values, f"{place}.values")),
    }
    if vector.namespace is not None:
        entry["namespace"] = text(vector.namespace, f"{place}.namespace")
    if vector.metadata is not None:
        if not isinstance(vector.metadata, Mapping):
            raise expected(f"{place}.metadata", "a dict", vector.metadata)
        entry["metadata"] = convert(vector.metadata, f"{place}.metadata", JSON)
    return entry


_FIELDS = ("id!", "values!", "namespace", "metadata")


def js_ids(ids: Iterable[str]) -> Any:
    """Return the array of ids that ``getByIds`` and ``deleteByIds`` take."""
    if isinstance(ids, str):  # its letters would become ids
        raise expected("ids", "a list of str", ids)
    return to_js([text(id, f"ids[{index}]") for index, id in enumerate(ids)])


def js_filter(filter: VectorizeVectorMetadataFilter | None) -> Any:
    """Return a filter as a JavaScript object; None stays None."""
    if filter is None:
        return None
    if not isinstance(filter, Mapping):
        raise expected("filter", "a dict", filter)
    return to_js(convert({**filter}, "filter", JSON), "filter")


# From JavaScript ---------------------------------------------------------------------------------


def to_matches(js_answer: Any) -> VectorizeMatches:
    """Return the answer of a query as matches."""
    answer: dict[str, Any] = from_js(js_answer)
    matches = [
        VectorizeMatch(
            match["id"],
            float(match["score"]),
            _to_floats(match.get("values")),
            match.get("namespace"),
            match.get("metadata"),
        )
        for match in answer["matches"]
    ]
    return VectorizeMatches(matches, answer["count"])


def _to_vector(vector: dict[str, Any]) -> VectorizeVector:
    values = _to_floats(vector["values"]) or []
    return VectorizeVector(vector["id"], values, vector.get("namespace"), vector.get("metadata"))


def _to_floats(values: list[float] | None) -> list[float] | None:
    # An integral JavaScript number arrives as an int.
    return None if values is None else [float(number) for number in values]
