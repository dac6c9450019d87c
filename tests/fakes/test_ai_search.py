"""``FakeAiSearchInstance``: script and settings; faults and configuration of search bindings."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import (
    AgentMemory,
    AiSearchError,
    AiSearchInstance,
    AiSearchNamespace,
    Artifacts,
    ArtifactsError,
    Env,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, ai_search, fake, faults
from tests.worker_project import COMPATIBLE

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    DOCS: AiSearchInstance
    SEARCH: AiSearchNamespace
    MEMORY: AgentMemory
    REPOS: Artifacts


class TwiceEnv(AppEnv):
    SAME: AiSearchInstance


@pytest.mark.asyncio
async def test_script_answers_from_messages_and_chunks() -> None:
    env = fake(AppEnv)
    await env.DOCS.items.upload("a.txt", "Python runs.\n\nSnakes too.")
    calls: list[Any] = []

    def read(messages: list[dict[str, Any]], chunks: list[dict[str, Any]]) -> str:
        calls.append((messages, [chunk["text"] for chunk in chunks]))
        return f"I read {len(chunks)}"

    ai_search(env.DOCS).answer = read
    answer = await env.DOCS.chat_completions(messages=[{"role": "user", "content": "Python"}])
    assert answer["choices"][0]["message"]["content"] == "I read 1"
    assert calls == [([{"role": "user", "content": "Python"}], ["Python runs."])]


@pytest.mark.asyncio
async def test_instances_of_a_namespace_share_its_script() -> None:
    env = fake(AppEnv)
    instance = await env.SEARCH.create({"id": "one"})
    ai_search(env.SEARCH).answer = lambda messages, chunks: "the same"
    answer = await instance.chat_completions(messages=[{"role": "user", "content": "a"}])
    assert answer["choices"][0]["message"]["content"] == "the same"
    with pytest.raises(
        TypeError,
        match=r"^ai_search\(\): expected an AI Search binding that fake\(\) made, got Artifacts$",
    ):
        ai_search(env.REPOS)  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_instances_are_listed_by_creation_time() -> None:
    clock = Clock(NOON)
    env = fake(AppEnv, clock=clock)
    for name in ("b", "a"):
        await env.SEARCH.create({"id": name})
        clock.advance(60)
    listed = await env.SEARCH.list(order_by="created_at", order_by_direction="desc")
    assert [info["id"] for info in listed["result"]] == ["a", "b"]
    assert listed["result"][1].get("created_at") == "2026-07-01T12:00:00.000Z"
    changed = await env.SEARCH.get("b").update({"cache": True})
    assert changed.get("modified_at") == "2026-07-01T12:02:00.000Z"


@pytest.mark.asyncio
async def test_filters_work_as_in_vectorize() -> None:
    docs = fake(AiSearchInstance)
    for year in (2023, 2026):
        await docs.items.upload(
            f"{year}.txt", "News", metadata={"year": year, "at": {"city": "Rome"}}
        )
    options: Any = {"retrieval": {"filters": {"year": {"$gte": 2024}, "at.city": "Rome"}}}
    response = await docs.search(query="news", ai_search_options=options)
    assert [chunk["item"]["key"] for chunk in response["chunks"]] == ["2026.txt"]
    listed = await docs.items.list(metadata_filter=json.dumps({"year": {"$lt": 2024}}))
    assert [item["key"] for item in listed["result"]] == ["2023.txt"]
    assert (await docs.search(query="?"))["chunks"] == []


@pytest.mark.asyncio
async def test_settings_of_an_instance_are_defaults_of_a_search() -> None:
    docs = fake(AiSearchInstance)
    await docs.items.upload("a.txt", "One two three four")
    await docs.items.upload("b.bin", b"\xff one")
    await docs.update({"score_threshold": 0.2, "max_num_results": 1})
    assert len((await docs.search(query="one two"))["chunks"]) == 1
    last = (await docs.items.list(key="b.bin"))["result"][0]
    file = await docs.items.get(last["id"]).download()
    assert file.content_type == "application/octet-stream"


@pytest.mark.asyncio
async def test_injected_faults_raise_the_errors_of_search_bindings() -> None:
    env = fake(AppEnv)
    faults(env.DOCS).fail("boom", name="AiSearchInternalError", method="search")
    with pytest.raises(AiSearchError, match=r"(?m)^boom$") as caught:
        await env.DOCS.search(query="a")
    assert caught.value.js_name == "AiSearchInternalError"
    faults(env.REPOS).fail("later", name="ArtifactsError")
    with pytest.raises(ArtifactsError, match=r"(?m)^later$") as failed:
        await env.REPOS.get("a")
    assert (failed.value.code, failed.value.numeric_code) == (None, None)


def test_error_name_in_an_rpc_message_is_parsed() -> None:
    from pyworkers_sdk._border import JsException
    from pyworkers_sdk.errors import from_js_error

    error = from_js_error(AiSearchError, JsException("Error", "AiSearchNotFoundError: no x"))
    assert (error.js_name, str(error)) == ("AiSearchNotFoundError", "no x")
    other = from_js_error(ArtifactsError, JsException("Error", "plain: text"))
    assert (other.js_name, str(other)) == ("Error", "plain: text")


@pytest.mark.asyncio
async def test_search_bindings_from_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text(
        "from pyworkers_sdk import WorkerEntrypoint\nclass Default(WorkerEntrypoint): ...\n"
    )
    config = {
        "name": "w",
        "main": "entry.py",
        **COMPATIBLE,
        "ai_search": [
            {"binding": "DOCS", "instance_name": "docs"},
            {"binding": "SAME", "instance_name": "docs"},
        ],
        "ai_search_namespaces": [{"binding": "SEARCH", "namespace": "default"}],
        "agent_memory": [{"binding": "MEMORY", "namespace": "a"}],
        "artifacts": [{"binding": "REPOS", "namespace": "a"}],
    }
    (tmp_path / "wrangler.json").write_text(json.dumps(config))
    env = FakeRuntime.from_config(tmp_path / "wrangler.json", env=TwiceEnv).env
    await env.DOCS.items.upload("a.txt", "Python")
    assert len((await env.SEARCH.get("docs").items.list())["result"]) == 1
    assert len((await env.SAME.items.list())["result"]) == 1
    await (await env.MEMORY.get_profile("a")).remember("a")
    await env.REPOS.create("a")
