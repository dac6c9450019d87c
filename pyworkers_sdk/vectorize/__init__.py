"""Vectorize, an index of vectors to search: ``Vectorize``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypedDict, cast

from .._border import JsWrapper, binding, from_js, raising, text, to_js, to_vector
from .._border.values import JSON, convert
from ..errors import ConversionError, VectorizeError

if TYPE_CHECKING:
    from .. import _js

__all__ = [
    "Vectorize",
    "VectorizeAsyncMutation",
    "VectorizeIndexInfo",
    "VectorizeMatch",
    "VectorizeMatches",
    "VectorizeVector",
    "VectorizeVectorMetadataFilter",
    "filter_of",
    "ids_of",
    "matches_of",
    "vector_of",
    "vectors_of",
]

_raising = raising(VectorizeError)

VectorizeDistanceMetric: TypeAlias = Literal["euclidean", "cosine", "dot-product"]
"""Cosine: 1 is nearest, -1 farthest. Euclidean: the distance, 0 is nearest. Dot-product: the
negative of it, so here too the smaller the nearer."""

VectorizeMetadataRetrievalLevel: TypeAlias = Literal["all", "indexed", "none"]
"""Which metadata a query brings: "indexed" has the properties with a metadata index alone, and of
their text the first 64 bytes."""

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
"""Property to a value, or to operators: ``{"genre": "drama", "year": {"$gte": 1990, "$lt": 2000},
"place.city": {"$in": ["Oslo", "Rome"]}}``. All of them must hold. Others: $eq, $ne, $lte, $gt,
$nin. A dot leads into nested metadata. As JSON it is shorter than 2,048 bytes, and it is not empty.
A dict that is made before the call needs this as its annotation."""


class VectorizeVector:
    """A vector: an id of at most 64 bytes, and as many values as the index has dimensions.

    Values go out as 32-bit floats, fastest from an ``array``, a memoryview or a numpy array of
    floats, and come back as ``list[float]``. A namespace has at most 64 bytes; metadata is at most
    10 KiB as JSON, and its keys have no dot, no quote and no $ in front.

    JS: VectorizeVector.
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VectorizeVector):
            return NotImplemented
        return self._all() == other._all()

    def __repr__(self) -> str:
        return f"VectorizeVector{self._all()!r}"

    def _all(self) -> tuple[str, list[float], str | None, Mapping[str, Any] | None]:
        return self.id, [*self.values], self.namespace, self.metadata


class VectorizeMatch(NamedTuple):
    """A vector that was found; values and metadata are there if the query asked for them.

    ``score`` is by the index's metric, see VectorizeDistanceMetric. JS: VectorizeMatch.
    """

    id: str
    score: float
    values: list[float] | None
    namespace: str | None
    metadata: dict[str, Any] | None


class VectorizeMatches:
    """What a query found, the nearest first; iterating gives the matches. JS: VectorizeMatches."""

    __slots__ = ("count", "matches")

    def __init__(self, matches: list[VectorizeMatch], count: int) -> None:
        self.matches: list[VectorizeMatch] = matches
        self.count: int = count

    def __iter__(self) -> Iterator[VectorizeMatch]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    def __repr__(self) -> str:
        return f"VectorizeMatches({self.matches!r}, {self.count!r})"


class VectorizeAsyncMutation(NamedTuple):
    """A change that was taken in, and takes effect some seconds later.

    It has once ``describe`` names it, or a later one, as ``processed_up_to_mutation``.
    JS: VectorizeAsyncMutation.
    """

    mutation_id: str


class VectorizeIndexInfo(NamedTuple):
    """The state of an index. Before its first change the last two are None.

    JS: VectorizeIndexInfo.
    """

    vector_count: int
    dimensions: int
    processed_up_to_datetime: datetime | None
    processed_up_to_mutation: str | None


class Vectorize(JsWrapper["_js.Vectorize"]):
    """A Vectorize index: ``Vectorize(env.INDEX)``.

    Every method raises VectorizeError where the service refuses, with its number as ``code``, and
    ConversionError, before anything is sent, where an argument cannot cross; it names the place,
    ``vectors[2].metadata.price``.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: Vectorize.
    """

    __slots__ = ()

    def __init__(self, index: _js.Vectorize) -> None:
        self._js = binding(index, "Vectorize", "queryById")

    async def describe(self) -> VectorizeIndexInfo:
        """How much is in the index, and up to which change. JS: Vectorize.describe."""
        with _raising:
            found = from_js(await self._js.describe())
        mutation = found.get("processedUpToMutation")
        return VectorizeIndexInfo(
            found["vectorCount"],
            found["dimensions"],
            _time(found.get("processedUpToDatetime")),
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
        """The ``top_k`` (5, at most 100) vectors nearest to this one.

        With values, or all metadata, ``top_k`` is at most 50; with values the scores are exact.
        ``filter`` looks at properties that have a metadata index.

        JS: Vectorize.query.
        """
        with _raising:
            found = await self._js.query(
                to_vector(vector, "vector"),
                topK=top_k,
                namespace=namespace,
                returnValues=return_values,
                returnMetadata=_level(return_metadata),
                filter=filter_of(filter),
            )
        return matches_of(found)

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
        """The vectors nearest to one of the index, as with ``query``. JS: Vectorize.queryById."""
        with _raising:
            found = await self._js.queryById(
                text(vector_id, "vector_id"),
                topK=top_k,
                namespace=namespace,
                returnValues=return_values,
                returnMetadata=_level(return_metadata),
                filter=filter_of(filter),
            )
        return matches_of(found)

    async def insert(self, vectors: Iterable[VectorizeVector]) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors; an id that is there already keeps its vector.

        JS: Vectorize.insert.
        """
        with _raising:
            found = await self._js.insert(vectors_of(vectors))
        return _mutation(found)

    async def upsert(self, vectors: Iterable[VectorizeVector]) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors, each in place of what has its id. JS: Vectorize.upsert."""
        with _raising:
            found = await self._js.upsert(vectors_of(vectors))
        return _mutation(found)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeAsyncMutation:
        """Delete at most 100 vectors. JS: Vectorize.deleteByIds."""
        with _raising:
            found = await self._js.deleteByIds(ids_of(ids))
        return _mutation(found)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """At most 20 vectors, whole; those that are missing are left out.

        JS: Vectorize.getByIds.
        """
        with _raising:
            found = from_js(await self._js.getByIds(ids_of(ids)))
        return [vector_of(one) for one in found]


class _Values:
    """A Float32Array within what is yet to cross."""

    __slots__ = ("js_object",)

    def __init__(self, values: Any) -> None:
        self.js_object = values


def vectors_of(vectors: Iterable[VectorizeVector]) -> Any:
    """The array that ``insert`` and ``upsert`` take, made in one crossing but for the values."""
    listed: list[dict[str, Any]] = []
    if isinstance(vectors, VectorizeVector):
        raise ConversionError("vectors: expected a list of VectorizeVector, got one of them")
    given: Iterable[Any] = vectors
    for at, one in enumerate(given):
        if not isinstance(one, VectorizeVector):
            kind = type(one).__name__
            raise ConversionError(f"vectors[{at}]: expected VectorizeVector, got {kind}")
        entry: dict[str, Any] = {
            "id": text(one.id, f"vectors[{at}].id"),
            "values": _Values(to_vector(one.values, f"vectors[{at}].values")),
        }
        if one.namespace is not None:
            entry["namespace"] = text(one.namespace, f"vectors[{at}].namespace")
        if one.metadata is not None:
            if not isinstance(one.metadata, Mapping):
                kind = type(one.metadata).__name__
                raise ConversionError(f"vectors[{at}].metadata: expected a dict, got {kind}")
            entry["metadata"] = convert(one.metadata, f"vectors[{at}].metadata", JSON)
        listed.append(entry)
    return to_js(listed, "vectors")


def ids_of(ids: Iterable[str]) -> Any:
    if isinstance(ids, str):  # whose letters would be ids
        raise ConversionError("ids: expected a list of str, got str")
    return to_js([text(one, f"ids[{at}]") for at, one in enumerate(ids)])


def _level(level: bool | VectorizeMetadataRetrievalLevel) -> str:
    # the runtime makes "all" of true, and sends a false that the service does not take
    if isinstance(level, bool):
        return "all" if level else "none"
    return level


def filter_of(filter: VectorizeVectorMetadataFilter | None) -> Any:
    if filter is None:
        return None
    if not isinstance(filter, Mapping):
        raise ConversionError(f"filter: expected a dict, got {type(filter).__name__}")
    return to_js(convert({**filter}, "filter", JSON), "filter")


def matches_of(found: Any) -> VectorizeMatches:
    answer: dict[str, Any] = from_js(found)
    matches = [
        VectorizeMatch(
            one["id"],
            float(one["score"]),
            _numbers(one.get("values")),
            one.get("namespace"),
            one.get("metadata"),
        )
        for one in answer["matches"]
    ]
    return VectorizeMatches(matches, answer["count"])


def vector_of(one: dict[str, Any]) -> VectorizeVector:
    values = [float(number) for number in one["values"]]
    return VectorizeVector(one["id"], values, one.get("namespace"), one.get("metadata"))


def _numbers(values: list[float] | None) -> list[float] | None:
    # an integral one arrives as an int
    return None if values is None else [float(number) for number in values]


def _mutation(found: Any) -> VectorizeAsyncMutation:
    return VectorizeAsyncMutation(from_js(found)["mutationId"])


def _time(found: Any) -> datetime | None:
    """The declared type is a number; what the service tells is ISO text."""
    if isinstance(found, str):
        return datetime.fromisoformat(found.replace("Z", "+00:00"))
    return None if found is None else datetime.fromtimestamp(found / 1000, timezone.utc)
