"""The types of Vectorize: checked by mypy and pyright, never run."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_type

from pyworkers_sdk import (
    Env,
    Vectorize,
    VectorizeAsyncMutation,
    VectorizeIndex,
    VectorizeIndexInfo,
    VectorizeMatch,
    VectorizeMatches,
    VectorizeVector,
    VectorizeVectorMutation,
)
from pyworkers_sdk.testing import fake, faults, vectorize, vectors
from pyworkers_sdk.vectorize import VectorizeVectorMetadataFilter


class AppEnv(Env):
    INDEX: Vectorize
    OLD: VectorizeIndex


async def changes(index: Vectorize) -> None:
    added = await index.insert([VectorizeVector("a", [1, 2]), VectorizeVector("b", (1.5, 2), "n")])
    assert_type(added, VectorizeAsyncMutation)
    assert_type(added.mutation_id, str)
    vector = VectorizeVector("a", array("f", [1, 2]), metadata={"genre": "drama"})
    assert_type(await index.upsert([vector]), VectorizeAsyncMutation)
    await index.upsert(VectorizeVector(f"{number}", memoryview(b"ab")) for number in range(5))
    await index.delete_by_ids({"a", "b"})
    stored = await index.get_by_ids(["a"])
    assert_type(stored, list[VectorizeVector])
    assert_type(stored[0].values[0], float)
    assert_type(stored[0].metadata, Mapping[str, Any] | None)
    await index.upsert(stored)

    VectorizeVector(1, [1.0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    VectorizeVector("a", ["1"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await index.insert([{"id": "a"}])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def queries(index: Vectorize, old: VectorizeIndex, vector: list[float]) -> None:
    matches = await index.query(vector, top_k=3, filter={"year": {"$gte": 1990}})
    assert_type(matches, VectorizeMatches)
    for match in matches:
        assert_type(match, VectorizeMatch)
        assert_type(match.score, float)
        assert_type(match.values, list[float] | None)
    filter: VectorizeVectorMetadataFilter = {"year": 1990, "place.city": {"$in": ["Oslo", "Rome"]}}
    await index.query(vector, filter={**filter, "seen": None, "genre": {"$ne": "drama"}})
    await index.query(vector, filter={"year": {"$gt": 1990, "$lte": 2000.5}, "free": True})
    await index.query(range(3), return_values=True, return_metadata="indexed", namespace="n")
    assert_type(await index.query_by_id("a", return_metadata=True), VectorizeMatches)
    info = await index.describe()
    assert_type(info, VectorizeIndexInfo)
    assert_type(info.processed_up_to_datetime, datetime | None)
    assert_type(await old.upsert([VectorizeVector("a", vector)]), VectorizeVectorMutation)

    await index.query(vector, filter={"year": {"$gtr": 1}})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await index.query(vector, filter={"year": {"$in": 1}})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await index.query(vector, filter={"year": [1, 2]})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await index.query("abc")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await index.query(vector, 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await index.query(vector, return_metadata="some")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await old.query(vector, return_metadata="all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await old.query_by_id("a")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def fakes() -> None:
    index = vectorize(dimensions=3, metric="euclidean", metadata_indexes={"year": "number"})
    assert_type(index, Vectorize)
    vectorize(dimensions=3, visible_after=timedelta(seconds=5))
    assert_type(vectors(index), list[VectorizeVector])
    faults(fake(AppEnv, INDEX=index).INDEX).late(5)

    vectorize(dimensions=3, metric="taxi")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    vectorize()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
