"""``FakeVectorize``: its settings, its clock, and options that ``Vectorize`` does not use."""

from __future__ import annotations

from array import array
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import Env, Vectorize, VectorizeIndex, VectorizeVector, WorkerEntrypoint
from pyworkers_sdk.errors import VectorizeError
from pyworkers_sdk.testing import Clock, FakeRuntime, fake, faults, vectorize, vectors
from pyworkers_sdk.testing.fakes.vectorize import FakeVectorize
from pyworkers_sdk.testing.fakes.vectorize_scores import dot, products

A = VectorizeVector("a", [1, 0], metadata={"kind": "x"})
B = VectorizeVector("b", [0, 1])


class AppEnv(Env):
    INDEX: Vectorize
    OLD: VectorizeIndex


class Worker(WorkerEntrypoint[AppEnv]):
    pass


@pytest.mark.asyncio
async def test_index_without_dimensions_takes_those_of_its_first_vector() -> None:
    index = fake(Vectorize)
    assert (await index.describe())[:2] == (0, 0)
    assert (await index.query([1, 2, 3])).matches == []
    await index.insert([A])
    assert (await index.describe())[:2] == (1, 2)
    with pytest.raises(VectorizeError, match="expected 2 dimensions, and got 3 dimensions"):
        await index.insert([VectorizeVector("c", [1, 2, 3])])


@pytest.mark.asyncio
async def test_vectorize_sets_the_index_of_an_env() -> None:
    env = fake(AppEnv, INDEX=vectorize(dimensions=2, metric="euclidean"))
    await env.INDEX.insert([A, B])
    (match,) = await env.INDEX.query([0, 3], top_k=1)
    assert match[:2] == ("b", 2.0)
    assert (await env.OLD.describe()).vectors_count == 0


@pytest.mark.asyncio
async def test_every_property_is_indexed_by_default() -> None:
    index = fake(Vectorize)
    await index.insert([A, B])
    assert [vector.id for vector in await index.query([1, 1], filter={"kind": "x"})] == ["a"]
    (match,) = await index.query([1, 0], top_k=1, return_metadata="indexed")
    assert match.metadata == {"kind": "x"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dimensions": 0}, "dimensions: expected 1 to 1536, got 0"),
        ({"dimensions": 1537}, "dimensions: expected 1 to 1536, got 1537"),
        ({"dimensions": 3, "metric": "taxi"}, "metric: expected one of cosine, euclidean"),
        (
            {"dimensions": 3, "metadata_indexes": dict.fromkeys("abcdefghijk", "string")},
            "metadata_indexes: expected at most 10, got 11",
        ),
    ],
)
def test_invalid_index_settings_raise(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vectorize(**settings)


@pytest.mark.asyncio
async def test_visible_after_delays_changes() -> None:
    env = fake(AppEnv, INDEX=vectorize(dimensions=2, visible_after=timedelta(seconds=5)))
    runtime = FakeRuntime(Worker, env=env)
    first = await env.INDEX.insert([A, B])
    runtime.clock.advance(4)
    second = await env.INDEX.delete_by_ids(["a"])
    assert await env.INDEX.get_by_ids(["a"]) == []
    assert (await env.INDEX.describe()).processed_up_to_mutation is None
    runtime.clock.advance(1)
    assert [vector.id for vector in vectors(env.INDEX)] == ["a", "b"]
    info = await env.INDEX.describe()
    assert (info.vector_count, info.processed_up_to_mutation) == (2, first.mutation_id)
    assert info.processed_up_to_datetime == runtime.clock.datetime()
    runtime.clock.advance(4)
    assert [vector.id for vector in vectors(env.INDEX)] == ["b"]
    assert (await env.INDEX.describe()).processed_up_to_mutation == second.mutation_id


@pytest.mark.asyncio
async def test_faults_late_delays_changes_in_order() -> None:
    clock = Clock()
    index = fake(Vectorize, clock=clock)
    await index.insert([A])
    faults(index).late(10)
    await index.upsert([VectorizeVector("a", [0, 1])])
    faults(index).clear()
    await index.upsert([B])  # changes keep their order
    assert vectors(index) == [A]
    clock.advance(10)
    assert [vector.values for vector in vectors(index)] == [[0.0, 1.0], [0.0, 1.0]]
    assert A != "a"
    with pytest.raises(TypeError, match=r"^late\(\): expected .*, got FakeVectorizeIndex;"):
        faults(fake(VectorizeIndex)).late(1)


@pytest.mark.asyncio
async def test_injected_faults_have_the_codes_of_the_service() -> None:
    index = fake(Vectorize)
    faults(index).fail("VECTOR_UPSERT_ERROR (code = 40041): Too Many Requests", method="upsert")
    with pytest.raises(VectorizeError, match="Too Many Requests") as caught:
        await index.upsert([A])
    assert caught.value.code == 40041
    faults(index).fail("VECTOR_QUERY_ERROR: Status + 503")
    with pytest.raises(VectorizeError) as caught:
        await index.query([1, 2])
    assert caught.value.code == 503
    assert vectors(index) == []


def test_vectors_rejects_other_objects() -> None:
    with pytest.raises(
        TypeError, match=r"^vectors\(\): expected an index that fake\(\) made, got object$"
    ):
        vectors(object())


@pytest.mark.asyncio
async def test_more_than_50000_namespaces_raise() -> None:
    index = fake(Vectorize)
    for batch in range(50):
        await index.insert(
            VectorizeVector(f"{batch}-{number}", [1.0], f"{batch}-{number}")
            for number in range(1000)
        )
    with pytest.raises(VectorizeError, match="too many namespaces; max is 50000"):
        await index.insert([VectorizeVector("a", [1.0], "one more")])


@pytest.mark.asyncio
async def test_raw_client_return_metadata_true_and_default() -> None:
    index = FakeVectorize()
    await index.insert([{"id": "a", "values": array("f", [1, 2]), "metadata": {"k": 1}}])
    assert (await index.query([1, 2], returnMetadata=True))["matches"][0]["metadata"] == {"k": 1}
    assert "metadata" not in (await index.query([1, 2]))["matches"][0]


def test_products_equals_sumprod() -> None:
    left, right = [1.5, -2.0, 3.0], array("f", [4, 0.25, 1])
    assert products(left, right) == dot(left, right) == 8.5


@pytest.mark.asyncio
async def test_numeric_processed_up_to_datetime_is_milliseconds() -> None:
    class Described(FakeVectorize):
        async def describe(self) -> Any:
            return {"vectorCount": 0, "dimensions": 2, "processedUpToDatetime": 1000}

    info = await Vectorize(Described()).describe()
    assert info.processed_up_to_datetime is not None
    assert info.processed_up_to_datetime.timestamp() == 1


def test_repr_of_vectors_and_results() -> None:
    from pyworkers_sdk import VectorizeMatches, VectorizeVectorMutation

    assert repr(B) == "VectorizeVector('b', [0, 1], None, None)"
    assert repr(VectorizeMatches([], 0)) == "VectorizeMatches([], 0)"
    assert repr(VectorizeVectorMutation(["a"], 1)) == "VectorizeVectorMutation(['a'], 1)"


@pytest.mark.asyncio
async def test_index_from_a_configuration_is_shared_by_name(tmp_path: Path) -> None:
    (tmp_path / "vectors_worker.py").write_text(
        "from pyworkers_sdk import Env, Vectorize, WorkerEntrypoint\n"
        "class AppEnv(Env):\n    INDEX: Vectorize\n    SAME: Vectorize\n"
        "class Default(WorkerEntrypoint[AppEnv]):\n    pass\n"
    )
    (tmp_path / "wrangler.jsonc").write_text(
        '{"name": "w", "main": "vectors_worker.py", "compatibility_date": "2026-07-01",'
        ' "compatibility_flags": ["python_workers"], "vectorize": ['
        '{"binding": "INDEX", "index_name": "films"}, {"binding": "SAME", "index_name": "films"}]}'
    )
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(tmp_path / "wrangler.jsonc")
    await runtime.env.INDEX.insert([A])
    assert [vector.id for vector in vectors(runtime.env.SAME)] == ["a"]
