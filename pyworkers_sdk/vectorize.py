"""Vectorize, an index of vectors to search: ``Vectorize``; ``VectorizeIndex`` is the old kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

from ._ffi import JSON, binding, convert, from_js, raising, text, to_js, to_vector
from .errors import ConversionError, VectorizeError

if TYPE_CHECKING:
    from . import _sys

__all__ = [
    "Vectorize",
    "VectorizeAsyncMutation",
    "VectorizeIndex",
    "VectorizeIndexConfig",
    "VectorizeIndexDetails",
    "VectorizeIndexInfo",
    "VectorizeMatch",
    "VectorizeMatches",
    "VectorizeVector",
    "VectorizeVectorMutation",
]

_raising = raising(VectorizeError)

VectorizeDistanceMetric: TypeAlias = Literal["euclidean", "cosine", "dot-product"]
"""Cosine: 1 is nearest, -1 farthest. Euclidean: the distance, 0 is nearest. Dot-product: the
negative of it, so here too the smaller the nearer."""

VectorizeMetadataRetrievalLevel: TypeAlias = Literal["all", "indexed", "none"]
"""Which metadata a query brings: "indexed" has the properties with a metadata index alone, and of
their text the first 64 bytes."""

VectorizeVectorMetadataFilter: TypeAlias = Mapping[str, Any]
"""Property to a value, or to operators: ``{"genre": "drama", "year": {"$gte": 1990, "$lt": 2000},
"place.city": {"$in": ["Oslo", "Rome"]}}``. All of them must hold. Others: $eq, $ne, $lte, $gt,
$nin. A dot leads into nested metadata."""


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
        self.id = id
        self.values = cast(Sequence[float], values)
        self.namespace = namespace
        self.metadata = metadata

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VectorizeVector):
            return NotImplemented
        return self._all() == other._all()

    def __repr__(self) -> str:
        return f"VectorizeVector{self._all()!r}"

    def _all(self) -> tuple[str, list[float], str | None, Mapping[str, Any] | None]:
        return self.id, [*self.values], self.namespace, self.metadata


class VectorizeMatch(NamedTuple):
    """A vector that was found; values and metadata are there if the query asked for them."""

    id: str
    score: float
    values: list[float] | None
    namespace: str | None
    metadata: dict[str, Any] | None


class VectorizeMatches:
    """What a query found, the nearest first; iterating gives the matches. JS: VectorizeMatches."""

    __slots__ = ("count", "matches")

    def __init__(self, matches: list[VectorizeMatch], count: int) -> None:
        self.matches = matches
        self.count = count

    def __iter__(self) -> Iterator[VectorizeMatch]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)

    def __repr__(self) -> str:
        return f"VectorizeMatches({self.matches!r}, {self.count!r})"


class VectorizeAsyncMutation(NamedTuple):
    """A change that was taken in, and takes effect some seconds later.

    It has once ``describe`` names it, or a later one, as ``processed_up_to_mutation``.
    """

    mutation_id: str


class VectorizeIndexInfo(NamedTuple):
    """The state of an index. Before its first change the last two are None."""

    vector_count: int
    dimensions: int
    processed_up_to_datetime: datetime | None
    processed_up_to_mutation: str | None


class Vectorize:
    """A Vectorize index: ``Vectorize(env.INDEX)``.

    Every method raises VectorizeError where the service refuses, with its number as ``code``, and
    ConversionError, before anything is sent, where an argument cannot cross; it names the place,
    ``vectors[2].metadata.price``.

    JS: Vectorize.
    """

    __slots__ = ("_js",)

    def __init__(self, index: _sys.Vectorize) -> None:
        self._js: _sys.Vectorize = binding(index, "Vectorize", "queryById")

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

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
                filter=_filter(filter),
            )
        return _matches(found)

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
                filter=_filter(filter),
            )
        return _matches(found)

    async def insert(self, vectors: Iterable[VectorizeVector]) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors; an id that is there already keeps its vector.

        JS: Vectorize.insert.
        """
        with _raising:
            found = await self._js.insert(_vectors(vectors))
        return _mutation(found)

    async def upsert(self, vectors: Iterable[VectorizeVector]) -> VectorizeAsyncMutation:
        """Add at most 1,000 vectors, each in place of what has its id. JS: Vectorize.upsert."""
        with _raising:
            found = await self._js.upsert(_vectors(vectors))
        return _mutation(found)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeAsyncMutation:
        """Delete at most 100 vectors. JS: Vectorize.deleteByIds."""
        with _raising:
            found = await self._js.deleteByIds(_ids(ids))
        return _mutation(found)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """At most 20 vectors, whole; those that are missing are left out.

        JS: Vectorize.getByIds.
        """
        with _raising:
            found = from_js(await self._js.getByIds(_ids(ids)))
        return [_vector(one) for one in found]


class VectorizeVectorMutation:
    """A change that has taken effect; iterating gives the ids. JS: VectorizeVectorMutation."""

    __slots__ = ("count", "ids")

    def __init__(self, ids: list[str], count: int) -> None:
        self.ids = ids
        self.count = count

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"VectorizeVectorMutation({self.ids!r}, {self.count!r})"


class VectorizeIndexConfig(NamedTuple):
    """What an index was made with: dimensions and metric, or a preset."""

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


class VectorizeIndex:
    """A Vectorize index of the first version, which the service no longer makes: at most 20
    matches, metadata all or none, and changes that take effect at once. Errors are as with
    ``Vectorize``.

    JS: VectorizeIndex.
    """

    __slots__ = ("_js",)

    def __init__(self, index: _sys.VectorizeIndex) -> None:
        self._js: _sys.VectorizeIndex = binding(index, "VectorizeIndex", "getByIds")

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return self._js

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
                filter=_filter(filter),
            )
        return _matches(found)

    async def insert(self, vectors: Iterable[VectorizeVector]) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors; an id that is there already keeps its vector.

        JS: VectorizeIndex.insert.
        """
        with _raising:
            found = await self._js.insert(_vectors(vectors))
        return _applied(found)

    async def upsert(self, vectors: Iterable[VectorizeVector]) -> VectorizeVectorMutation:
        """Add at most 1,000 vectors, each in place of what has its id.

        JS: VectorizeIndex.upsert.
        """
        with _raising:
            found = await self._js.upsert(_vectors(vectors))
        return _applied(found)

    async def delete_by_ids(self, ids: Iterable[str]) -> VectorizeVectorMutation:
        """Delete vectors. JS: VectorizeIndex.deleteByIds."""
        with _raising:
            found = await self._js.deleteByIds(_ids(ids))
        return _applied(found)

    async def get_by_ids(self, ids: Iterable[str]) -> list[VectorizeVector]:
        """The vectors of these ids, whole. JS: VectorizeIndex.getByIds."""
        with _raising:
            found = from_js(await self._js.getByIds(_ids(ids)))
        return [_vector(one) for one in found]


class _Values:
    """A Float32Array within what is yet to cross."""

    __slots__ = ("js_object",)

    def __init__(self, values: Any) -> None:
        self.js_object = values


def _vectors(vectors: Iterable[VectorizeVector]) -> Any:
    """The array that ``insert`` and ``upsert`` take, made in one crossing but for the values."""
    listed: list[dict[str, Any]] = []
    for at, one in enumerate(vectors):
        entry: dict[str, Any] = {
            "id": text(one.id, f"vectors[{at}].id"),
            "values": _Values(to_vector(one.values, f"vectors[{at}].values")),
        }
        if one.namespace is not None:
            entry["namespace"] = text(one.namespace, f"vectors[{at}].namespace")
        if one.metadata is not None:
            entry["metadata"] = convert(one.metadata, f"vectors[{at}].metadata", JSON)
        listed.append(entry)
    return to_js(listed, "vectors")


def _ids(ids: Iterable[str]) -> Any:
    if isinstance(ids, str):  # whose letters would be ids
        raise ConversionError("ids: expected a list of str, got str")
    return to_js([text(one, f"ids[{at}]") for at, one in enumerate(ids)])


def _level(level: bool | VectorizeMetadataRetrievalLevel) -> str:
    # the runtime makes "all" of true, and sends a false that the service does not take
    if isinstance(level, bool):
        return "all" if level else "none"
    return level


def _filter(filter: VectorizeVectorMetadataFilter | None) -> Any:
    return None if filter is None else to_js(convert({**filter}, "filter", JSON), "filter")


def _matches(found: Any) -> VectorizeMatches:
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


def _vector(one: dict[str, Any]) -> VectorizeVector:
    values = [float(number) for number in one["values"]]
    return VectorizeVector(one["id"], values, one.get("namespace"), one.get("metadata"))


def _numbers(values: list[float] | None) -> list[float] | None:
    # an integral one arrives as an int
    return None if values is None else [float(number) for number in values]


def _mutation(found: Any) -> VectorizeAsyncMutation:
    return VectorizeAsyncMutation(from_js(found)["mutationId"])


def _applied(found: Any) -> VectorizeVectorMutation:
    answer: dict[str, Any] = from_js(found)
    return VectorizeVectorMutation(answer["ids"], answer["count"])


def _time(found: Any) -> datetime | None:
    """The declared type is a number; what the service tells is ISO text."""
    if isinstance(found, str):
        return datetime.fromisoformat(found.replace("Z", "+00:00"))
    return None if found is None else datetime.fromtimestamp(found / 1000, timezone.utc)
