"""Vectorize: the runtime's own client in front of a stand-in of the service, and the fake."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from pyworkers_sdk import Vectorize, VectorizeIndex, VectorizeMatches, VectorizeVector
from pyworkers_sdk._border import JsException
from pyworkers_sdk._border.vectors import to_vector
from pyworkers_sdk.errors import BindingError, ConversionError, VectorizeError
from tests.contract.kit import cases, raises

FILMS = [
    VectorizeVector("a", [1, 0, 0], "north", {"genre": "drama", "year": 1990, "seen": True}),
    VectorizeVector("b", [0.9, 0.1, 0], "north", {"genre": "comedy", "year": 1995, "seen": False}),
    VectorizeVector("c", [0, 2, 0], "south", {"genre": "drama", "place": {"city": "Oslo"}}),
    VectorizeVector("d", [-1, 0, 0], metadata={"note": "x", "tags": ["p", "q"], "year": 2000.5}),
    VectorizeVector("e", [0, 0, 1]),
]


def near(score: float, expected: float) -> bool:
    return type(score) is float and abs(score - expected) < 1e-6


def ids(matches: VectorizeMatches) -> str:
    assert matches.count == len(matches) == len(matches.matches)
    return "".join(match.id for match in matches)


# Values ------------------------------------------------------------------------------------------


class Rows:
    """An iterable of numbers, as an array of another package may be."""

    def __iter__(self) -> Any:
        return iter((Decimal("1.5"), 2, True))


@cases(
    {
        "list": [1.5, 2, 1],
        "tuple": (1.5, 2, 1),
        "floats": array("f", [1.5, 2, 1]),
        "doubles": array("d", [1.5, 2, 1]),
        "memoryview": memoryview(array("d", [1.5, 2, 1])),
        "every other": memoryview(array("f", [1.5, 0, 2, 0, 1]))[::2],
        "other numbers": Rows(),
    }
)
async def test_values_of_any_sequence_come_back_as_floats(index: Vectorize, case: Any) -> None:
    await index.upsert([VectorizeVector("a", case)])
    (vector,) = await index.get_by_ids(["a"])
    assert vector == VectorizeVector("a", [1.5, 2.0, 1.0])
    assert [type(value) for value in vector.values] == [float] * 3
    (match,) = await index.query(case, return_values=True)
    assert match.values == [1.5, 2.0, 1.0]
    assert near(match.score, 1)


@cases({"ints": array("q", [1, 2, 3]), "bytes": array("B", [1, 2, 3]), "range": range(1, 4)})
async def test_integer_values_come_back_as_floats(index: Vectorize, case: Any) -> None:
    await index.insert([VectorizeVector("a", case)])
    (vector,) = await index.get_by_ids(["a"])
    assert vector.values == [1.0, 2.0, 3.0]
    assert [type(value) for value in vector.values] == [float] * 3


async def test_values_are_stored_as_32_bit_floats(index: Vectorize) -> None:
    await index.insert([VectorizeVector("a", [0.1, 1e-50, -2])])
    (vector,) = await index.get_by_ids(["a"])
    assert vector.values == [0.10000000149011612, 0.0, -2.0]


@cases({"text": "123", "a word": [1, "x", 2], "None": None, "rows": [[1, 2, 3]]})
async def test_invalid_values_raise_before_request(index: Vectorize, case: Any) -> None:
    with raises(ConversionError, match="^vector: expected numbers"):
        await index.query(case)
    with raises(ConversionError, match=r"^vectors\[1\]\.values: expected numbers"):
        await index.upsert([FILMS[0], VectorizeVector("b", case)])
    assert (await index.describe()).vector_count == 0


async def test_invalid_argument_types_raise(index: Vectorize) -> None:
    wrong: Any = VectorizeVector("a", [1, 2, 3])
    with raises(
        ConversionError,
        match="^vectors: expected a list of VectorizeVector, got VectorizeVector; pass",
    ):
        await index.insert(wrong)
    wrong = [("a", [1, 2, 3])]
    with raises(
        ConversionError, match=r"^vectors\[0\]: expected VectorizeVector or a dict, got tuple$"
    ):
        await index.upsert(wrong)
    wrong = "x"
    with raises(ConversionError, match=r"^vectors\[0\].metadata: expected a dict, got str$"):
        await index.insert([VectorizeVector("a", [1, 2, 3], metadata=wrong)])
    with raises(ConversionError, match="^filter: expected a dict, got str$"):
        await index.query([1, 2, 3], filter=wrong)


async def test_vectors_may_be_dicts(index: Vectorize) -> None:
    await index.insert([{"id": "a", "values": [1, 2, 3]}])
    await index.upsert(
        [
            {"id": "b", "values": [3, 2, 1], "namespace": "n", "metadata": {"genre": "drama"}},
            VectorizeVector("c", [1, 1, 1]),
        ]
    )
    [found] = await index.get_by_ids(["b"])
    assert found == VectorizeVector("b", [3, 2, 1], "n", {"genre": "drama"})
    assert (await index.describe()).vector_count == 3


@cases(
    {
        "one dict": ({"id": "a", "values": [1, 2, 3]}, "^vectors: expected a list of .*pass"),
        "an unknown key": ([{"id": "a", "vals": [1, 2, 3]}], r"key 'vals'.*did you mean values\?"),
        "a missing key": ([{"id": "a"}], r"^vectors\[0\]: missing key 'values'$"),
    }
)
async def test_dict_that_is_not_a_vector_is_refused(
    index: Vectorize, case: tuple[Any, str]
) -> None:
    vectors, message = case
    for method in (index.insert, index.upsert):
        with raises(ConversionError, match=message):
            await method(vectors)


@cases([float("nan"), float("inf")])
async def test_nan_and_infinity_are_refused(index: Vectorize, case: float) -> None:
    with raises(
        VectorizeError, match=r"^VECTOR_UPSERT_ERROR \(code = 40023\): failed to parse"
    ) as c:
        await index.upsert([VectorizeVector("a", [case, 1, 2])])
    assert c.value.code == 40023
    with raises(VectorizeError, match=r"^VECTOR_QUERY_ERROR \(code = 40026\): Failed to parse"):
        await index.query([case, 1, 2])


# Changes -----------------------------------------------------------------------------------------


async def test_empty_index_has_no_matches(index: Vectorize) -> None:
    info = await index.describe()
    assert (info.vector_count, info.dimensions) == (0, 3)
    assert (await index.query([1, 2, 3])).matches == []
    assert await index.get_by_ids(["a"]) == []


async def test_describe_reports_the_last_mutation(index: Vectorize) -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=5)
    first = await index.insert(FILMS)
    second = await index.delete_by_ids(["a", "nope"])
    assert first.mutation_id != second.mutation_id
    info = await index.describe()
    assert info.vector_count == 4
    assert info.processed_up_to_mutation == second.mutation_id
    assert info.processed_up_to_datetime is not None
    assert info.processed_up_to_datetime > before
    assert info.processed_up_to_datetime.tzinfo == timezone.utc


async def test_insert_keeps_an_existing_vector(index: Vectorize) -> None:
    await index.insert([VectorizeVector("a", [1, 0, 0], "old", {"genre": "old"})])
    await index.insert([VectorizeVector("a", [0, 1, 0]), VectorizeVector("b", [0, 0, 1])])
    assert await index.get_by_ids(["b", "a"]) == [
        VectorizeVector("b", [0.0, 0.0, 1.0]),
        VectorizeVector("a", [1.0, 0.0, 0.0], "old", {"genre": "old"}),
    ]


async def test_upsert_replaces_the_whole_vector(index: Vectorize) -> None:
    await index.insert([VectorizeVector("a", [1, 0, 0], "old", {"genre": "old"})])
    await index.upsert([VectorizeVector("a", [0, 1, 0])])
    assert await index.get_by_ids(["a"]) == [VectorizeVector("a", [0.0, 1.0, 0.0])]


async def test_duplicate_id_in_a_batch_keeps_first_on_insert_last_on_upsert(
    index: Vectorize,
) -> None:
    twice = [VectorizeVector("a", [1, 0, 0]), VectorizeVector("a", [0, 1, 0])]
    await index.insert(twice)
    assert (await index.get_by_ids(["a"]))[0].values == [1.0, 0.0, 0.0]
    await index.upsert(vector for vector in twice)
    assert (await index.get_by_ids(("a",)))[0].values == [0.0, 1.0, 0.0]


async def test_delete_by_ids_removes_vectors(index: Vectorize) -> None:
    await index.insert(FILMS)
    await index.delete_by_ids(film.id for film in FILMS[:4])
    assert ids(await index.query([1, 1, 1])) == "e"


async def test_metadata_round_trip(index: Vectorize) -> None:
    metadata = {
        "text": "é 😀",
        "number": 1.5,
        "whole": 2,
        "flag": True,
        "list": ["a", "b"],
        "constructor": {"nested": {"deep": "x"}},
        "when": datetime(2026, 1, 2, tzinfo=timezone.utc),
    }
    await index.insert([VectorizeVector("a", [1, 2, 3], metadata=metadata)])
    (vector,) = await index.get_by_ids(["a"])
    assert vector.metadata == {**metadata, "when": "2026-01-02T00:00:00.000Z"}
    (match,) = await index.query_by_id("a", return_metadata="all")
    assert match.metadata == vector.metadata


async def test_conversion_error_names_the_place(index: Vectorize) -> None:
    with raises(ConversionError, match=r"^vectors\[1\]\.metadata\.data: bytes are not JSON"):
        await index.insert([FILMS[0], VectorizeVector("b", [1, 2, 3], metadata={"data": b"x"})])
    with raises(ConversionError, match=r"^vectors\[0\]\.id: expected str, got int"):
        await index.insert([VectorizeVector(1, [1, 2, 3])])  # type: ignore[arg-type]
    with raises(ConversionError, match=r"^vectors\[0\]\.namespace: expected str, got int"):
        await index.insert([VectorizeVector("a", [1, 2, 3], 5)])  # type: ignore[arg-type]
    with raises(ConversionError, match=r"^filter\.year\['\$gt'\]: an object cannot cross"):
        await index.query([1, 2, 3], filter={"year": {"$gt": object()}})  # type: ignore[dict-item]
    with raises(ConversionError, match=r"^ids: expected a list of str, got str"):
        await index.get_by_ids("abc")
    with raises(ConversionError, match=r"^ids\[1\]: expected str, got int"):
        await index.delete_by_ids(["a", 1])  # type: ignore[list-item]
    with raises(ConversionError, match=r"^vector_id: expected str, got int"):
        await index.query_by_id(1)  # type: ignore[arg-type]


# Queries -----------------------------------------------------------------------------------------


async def test_cosine_scores(index: Vectorize) -> None:
    await index.insert(FILMS)
    answer = await index.query([2, 0, 0])
    assert ids(answer)[:2] == "ab"
    assert ids(answer)[-1] == "d"
    scores = {match.id: match.score for match in answer}
    assert near(scores["a"], 1)
    assert near(scores["b"], 0.9938837347)
    assert near(scores["c"], 0)
    assert near(scores["d"], -1)


async def test_euclidean_scores(far: Vectorize) -> None:
    await far.insert(FILMS)
    answer = await far.query([1, 0, 0])
    assert ids(answer) == "abedc"
    assert near(answer.matches[0].score, 0)
    assert near(answer.matches[2].score, 2**0.5)
    assert near(answer.matches[4].score, 5**0.5)


async def test_dot_product_scores(product: Vectorize) -> None:
    await product.insert(FILMS)
    answer = await product.query([2, 3, 0])
    assert ids(answer) == "cbaed"
    assert near(answer.matches[0].score, -6)
    assert near(answer.matches[2].score, -2)
    assert near(answer.matches[4].score, 2)


async def test_query_returns_top_k_matches_5_by_default(index: Vectorize) -> None:
    await index.insert(VectorizeVector(f"{number}", [1, number, 0]) for number in range(8))
    assert ids(await index.query([1, 0, 0])) == "01234"
    assert ids(await index.query([1, 0, 0], top_k=2)) == "01"
    assert len(await index.query([1, 0, 0], top_k=100)) == 8


async def test_match_has_values_and_metadata_only_on_request(index: Vectorize) -> None:
    await index.insert(FILMS)
    (bare,) = await index.query([1, 0, 0], top_k=1)
    assert (bare.id, bare.values, bare.namespace, bare.metadata) == ("a", None, "north", None)
    (complete,) = await index.query([1, 0, 0], top_k=1, return_values=True, return_metadata="all")
    assert (complete.values, complete.metadata) == ([1.0, 0.0, 0.0], FILMS[0].metadata)
    (without,) = await index.query([0, 0, 1], top_k=1, return_values=True, return_metadata="all")
    assert (without.values, without.metadata) == ([0.0, 0.0, 1.0], None)


@cases(
    {"True": (True, True), "all": ("all", True), "False": (False, False), "none": ("none", False)}
)
async def test_return_metadata_all_or_none(index: Vectorize, case: Any) -> None:
    level, has_metadata = case
    await index.insert(FILMS[3:4])
    for answer in (
        await index.query([1, 0, 0], return_metadata=level),
        await index.query_by_id("d", return_metadata=level),
    ):
        assert answer.matches[0].metadata == (FILMS[3].metadata if has_metadata else None)


async def test_indexed_metadata_is_cut(index: Vectorize) -> None:
    long = {
        "genre": "é" * 40,
        "note": "not indexed",
        "year": "not a number",
        "place": {"city": "Rome"},
    }
    await index.insert([VectorizeVector("a", [1, 2, 3], metadata=long), FILMS[3], FILMS[4]])
    answer = await index.query([1, 2, 3], return_metadata="indexed")
    metadata = {match.id: match.metadata for match in answer}
    assert metadata == {
        "a": {"genre": "é" * 32, "place": {"city": "Rome"}},
        "d": {"year": 2000.5},
        "e": None,
    }


async def test_unknown_metadata_level_raises(index: Vectorize) -> None:
    expected = 'Expected: true, false, "none", "indexed" or "all"; got: some$'
    with raises(VectorizeError, match=f"^Invalid returnMetadata option. {expected}") as caught:
        await index.query([1, 2, 3], return_metadata="some")  # type: ignore[arg-type]
    assert caught.value.code is None


async def test_raw_client_sends_false_as_a_level_that_the_service_refuses(index: Vectorize) -> None:
    with raises(
        JsException, match=r"\(code = 40026\): Failed to parse .*: returnMetadata: expected"
    ):
        await index.js_object.query(to_vector([1, 2, 3]), returnMetadata=False)


async def test_query_searches_only_its_namespace(index: Vectorize) -> None:
    await index.insert(FILMS)
    assert ids(await index.query([0, 1, 0], namespace="north")) == "ba"
    assert ids(await index.query([0, 1, 0], namespace="south")) == "c"
    assert ids(await index.query([0, 1, 0], namespace="west")) == ""
    assert ids(await index.query_by_id("c", namespace="north")) == "ba"


async def test_query_by_id_of_known_and_unknown_vectors(index: Vectorize) -> None:
    await index.insert(FILMS)
    answer = await index.query_by_id("a", top_k=2, return_values=True)
    assert ids(answer) == "ab"
    assert near(answer.matches[0].score, 1)
    assert answer.matches[0].values == [1.0, 0.0, 0.0]
    assert (await index.query_by_id("nope")).matches == []


FILTERS: dict[str, tuple[Mapping[str, Any], str]] = {
    "implicit": ({"genre": "drama"}, "ac"),
    "$eq": ({"genre": {"$eq": "comedy"}}, "b"),
    "$eq number": ({"year": {"$eq": 1990.0}}, "a"),
    "$eq boolean": ({"seen": False}, "b"),
    "a boolean differs from a number": ({"year": True}, ""),
    "$ne": ({"genre": {"$ne": "drama"}}, "bde"),
    "None": ({"genre": None}, "de"),
    "not None": ({"year": {"$ne": None}}, "abd"),
    "$in": ({"genre": {"$in": ["drama", "comedy", 5]}}, "abc"),
    "$in nothing": ({"genre": {"$in": []}}, ""),
    "$nin": ({"year": {"$nin": [1990, 1995]}}, "cde"),
    "$lt": ({"year": {"$lt": 1995}}, "a"),
    "$lte": ({"year": {"$lte": 1995}}, "ab"),
    "$gt": ({"year": {"$gt": 1995}}, "d"),
    "$gte": ({"year": {"$gte": 1995}}, "bd"),
    "a range": ({"year": {"$gt": 1990, "$lte": 2000.5}}, "bd"),
    "a range of text": ({"genre": {"$gte": "d", "$lt": "e"}}, "ac"),
    "text differs from a number": ({"year": {"$gt": "1"}}, ""),
    "nested": ({"place.city": "Oslo"}, "c"),
    "two properties": ({"genre": "drama", "seen": True}, "a"),
    "not indexed": ({"note": "x"}, ""),
    "$ne of what is not indexed": ({"note": {"$ne": "y"}}, ""),
}


@cases(FILTERS)
async def test_filter_selects_matches(index: Vectorize, case: Any) -> None:
    filter, expected = case
    await index.insert(FILMS)
    assert "".join(sorted(ids(await index.query([1, 1, 1], filter=filter)))) == expected
    assert "".join(sorted(ids(await index.query_by_id("a", filter=filter)))) == expected


async def test_filter_compares_the_first_64_bytes_of_a_text(index: Vectorize) -> None:
    await index.insert([VectorizeVector("a", [1, 2, 3], metadata={"genre": "é" * 40})])
    assert ids(await index.query([1, 2, 3], filter={"genre": "é" * 32 + "other"})) == "a"
    assert ids(await index.query([1, 2, 3], filter={"genre": "é" * 31})) == ""


@cases(
    {
        "empty": ({}, "filter must be a non-empty object below 2048 bytes"),
        "too long": ({"genre": "x" * 2048}, "filter must be a non-empty object below 2048 bytes"),
        "an empty key": ({"a..b": 1}, "invalid filter key 'a..b'"),
        "a key with $": ({"$or": 1}, r"invalid filter key '\$or'"),
        "no such operator": ({"year": {"$like": 1}}, r"invalid filter operators for year: \$like"),
        "no operator": ({"year": {}}, "invalid filter operators for year: "),
        "two lower bounds": ({"year": {"$gt": 1, "$gte": 2}}, r".*year: \$gt, \$gte"),
        "with another": ({"year": {"$gt": 1, "$ne": 2}}, r".*year: \$gt, \$ne"),
        "a range of booleans": ({"seen": {"$gt": True}}, r"invalid filter value for seen: \$gt"),
        "$in without a list": ({"year": {"$in": 5}}, r"invalid filter value for year: \$in"),
        "a list": ({"year": [1, 2]}, r"invalid filter value for year: \$eq"),
    }
)
async def test_invalid_filter_raises(index: Vectorize, case: Any) -> None:
    filter, message = case
    with raises(VectorizeError, match=f"^VECTOR_QUERY_ERROR: {message}$"):
        await index.query([1, 2, 3], filter=filter)


# Limits ------------------------------------------------------------------------------------------


class Limit(NamedTuple):
    code: int
    message: str


async def refused(call: Any, code: int | None, message: str) -> None:
    with raises(VectorizeError, match=message) as caught:
        await call
    assert caught.value.code == code
    assert caught.value.js_name == "Error"
    assert caught.value.cause is not None
    assert str(caught.value).endswith(f": {caught.value.cause}")


async def test_wrong_dimensions_raise_and_store_nothing(index: Vectorize) -> None:
    sizes = "expected 3 dimensions, and got 2 dimensions$"
    await refused(
        index.query([1, 2]),
        40006,
        rf"^VECTOR_QUERY_ERROR \(code = 40006\): invalid query vector, {sizes}",
    )
    message = rf'ERROR \(code = 40012\): invalid vector for id="b", {sizes}'
    two = [FILMS[0], VectorizeVector("b", [1, 2])]
    await refused(index.insert(two), 40012, f"^VECTOR_INSERT_{message}")
    await refused(index.upsert(two), 40012, f"^VECTOR_UPSERT_{message}")
    assert await index.get_by_ids(["a"]) == []  # all or nothing


async def test_id_over_64_bytes_raises(index: Vectorize) -> None:
    fits, long = "é" * 32, "é" * 33
    await index.insert([VectorizeVector(fits, [1, 2, 3])])
    assert (await index.get_by_ids([fits]))[0].id == fits
    message = r"_ERROR \(code = 40008\): id too long; max is 64 bytes, got 66 bytes$"
    await refused(
        index.upsert([VectorizeVector(long, [1, 2, 3])]), 40008, f"^VECTOR_UPSERT{message}"
    )
    await refused(index.get_by_ids([long]), 40008, f"^VECTOR_GET{message}")
    await refused(index.delete_by_ids([long]), 40008, f"^VECTOR_DELETE{message}")
    await refused(index.query_by_id(long), 40008, f"^VECTOR_QUERY{message}")


async def test_more_than_20_ids_to_get_or_100_to_delete_raise(index: Vectorize) -> None:
    many = [f"{number}" for number in range(101)]
    assert await index.get_by_ids(many[:20]) == []
    await index.delete_by_ids(many[:100])
    message = r"ERROR \(code = 40007\): too many ids in payload; max id count is"
    await refused(index.get_by_ids(many[:21]), 40007, f"^VECTOR_GET_{message} 20, got 21$")
    await refused(index.delete_by_ids(many), 40007, f"^VECTOR_DELETE_{message} 100, got 101$")


async def test_more_than_1000_vectors_raise(index: Vectorize) -> None:
    many = [VectorizeVector(f"{number}", array("f", [1, 2, 3])) for number in range(1001)]
    await index.upsert(many[:1000])
    assert (await index.describe()).vector_count == 1000
    await refused(
        index.upsert(many), None, "^VECTOR_UPSERT_ERROR: too many vectors; max is 1000, got 1001$"
    )


async def test_top_k_out_of_range_raises(index: Vectorize) -> None:
    many = r"^VECTOR_QUERY_ERROR \(code = 40025\): max top K is 100, but got 101$"
    await refused(index.query([1, 2, 3], top_k=101), 40025, many)
    whole = (
        r"\(code = 40025\): with returnValues=true or returnMetadata=all, max top K is 50, but got"
    )
    retry = "for a top K up to 100, retry with returnValues=false and returnMetadata=indexed"
    whole = f"{whole} 51; {retry}$"
    await refused(index.query([1, 2, 3], top_k=51, return_values=True), 40025, whole)
    await refused(index.query([1, 2, 3], top_k=51, return_metadata=True), 40025, whole)
    assert len(await index.query([1, 2, 3], top_k=100, return_metadata="indexed")) == 0
    assert len(await index.query([1, 2, 3], top_k=50, return_metadata="all")) == 0
    await refused(index.query([1, 2, 3], top_k=0), None, "min top K is 1, but got 0$")


async def test_metadata_over_10_kib_raises(index: Vectorize) -> None:
    def vector(size: int) -> VectorizeVector:
        return VectorizeVector("a", [1, 2, 3], metadata={"k": "é" * (size // 2 - 4)})

    await index.insert([vector(10_240)])
    start = (
        r'^VECTOR_INSERT_ERROR \(code = 40016\): oversized metadata for vector id="a"; the compact'
    )
    limit = "JSON representation of the metadata must not exceed 10240 bytes, got 10242 bytes$"
    await refused(index.insert([vector(10_242)]), 40016, f"{start} {limit}")


@cases(["", "a.b", 'a"b', "$a"])
async def test_invalid_metadata_key_raises(index: Vectorize, case: str) -> None:
    for metadata in ({case: 1}, {"outer": {case: 1}}):
        vector = VectorizeVector("a", [1, 2, 3], metadata=metadata)
        await refused(index.upsert([vector]), 40018, r"\(code = 40018\): invalid metadata key")


async def test_namespace_over_64_bytes_raises(index: Vectorize) -> None:
    vector = VectorizeVector("a", [1, 2, 3], "é" * 33)
    message = "^VECTOR_INSERT_ERROR: namespace too long; max is 64 bytes, got 66 bytes$"
    await refused(index.insert([vector]), None, message)


# The first version -------------------------------------------------------------------------------


async def test_v1_changes_queries_and_details(old_index: VectorizeIndex) -> None:
    added = await old_index.insert(FILMS[:2])
    assert (added.ids, added.count, [*added], len(added)) == (["a", "b"], 2, ["a", "b"], 2)
    assert (await old_index.insert(FILMS[1:3])).ids == ["c"]
    assert (await old_index.upsert([VectorizeVector("b", array("d", [0, 1, 0]))])).ids == ["b"]
    details = await old_index.describe()
    assert (details.name, details.description, details.vectors_count) == ("index", None, 3)
    assert details.config.metric == "cosine"
    assert (details.config.dimensions, details.config.preset) == (3, None)
    answer = await old_index.query((1, 0, 0), top_k=1, return_values=True, return_metadata=True)
    assert answer.matches[0][2:] == ([1.0, 0.0, 0.0], "north", FILMS[0].metadata)
    bare = await old_index.query((1, 0, 0), namespace="south", filter={"genre": {"$ne": "comedy"}})
    assert [match[2:] for match in bare] == [(None, "south", None)]
    assert (await old_index.delete_by_ids(["a", "nope"])).ids == ["a"]
    assert await old_index.get_by_ids(["a", "b"]) == [VectorizeVector("b", [0.0, 1.0, 0.0])]


async def test_v1_refuses_levels_dimensions_and_top_k(old_index: VectorizeIndex) -> None:
    await old_index.insert(FILMS[:1])
    with raises(
        VectorizeError, match=r"^Invalid returnMetadata option\. Expected boolean; got: all$"
    ):
        await old_index.query([1, 2, 3], return_metadata="all")  # type: ignore[arg-type]
    await refused(old_index.query([1, 2]), 40006, "expected 3 dimensions, and got 2 dimensions$")
    await refused(old_index.query([1, 2, 3], top_k=21), 40025, "max top K is 20, but got 21$")


# The binding -------------------------------------------------------------------------------------


async def test_wrong_binding_type_is_rejected(env: Any) -> None:
    with raises(
        BindingError, match="^Vectorize: expected the Vectorize binding, got .* without queryById"
    ):
        Vectorize(env.KV)
    with raises(BindingError, match="^VectorizeIndex: expected the VectorizeIndex binding"):
        VectorizeIndex(env.KV)
