"""The fakes of AI Search, Agent Memory, Web Search and Artifacts: what tests say to them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
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
    WebSearch,
    WebSearchResult,
    WorkersError,
)
from pyworkers_sdk.testing import (
    Clock,
    FakeRuntime,
    ai_search,
    fake,
    faults,
    push_commit,
    web_results,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


class AppEnv(Env):
    DOCS: AiSearchInstance
    SEARCH: AiSearchNamespace
    MEMORY: AgentMemory
    WEB: WebSearch
    REPOS: Artifacts


class TwiceEnv(AppEnv):
    SAME: AiSearchInstance


@pytest.mark.asyncio
async def test_the_model_behind_ai_search_says_what_it_is_told() -> None:
    env = fake(AppEnv)
    await env.DOCS.items.upload("a.txt", "Python runs.\n\nSnakes too.")
    asked: list[Any] = []

    def answer(messages: list[dict[str, Any]], chunks: list[dict[str, Any]]) -> str:
        asked.append((messages, [chunk["text"] for chunk in chunks]))
        return f"I read {len(chunks)}"

    ai_search(env.DOCS).answer = answer
    said = await env.DOCS.chat_completions(messages=[{"role": "user", "content": "Python"}])
    assert said["choices"][0]["message"]["content"] == "I read 1"
    assert asked == [([{"role": "user", "content": "Python"}], ["Python runs."])]


@pytest.mark.asyncio
async def test_one_script_for_all_instances_of_a_namespace() -> None:
    env = fake(AppEnv)
    one = await env.SEARCH.create({"id": "one"})
    ai_search(env.SEARCH).answer = lambda messages, chunks: "the same"
    said = await one.chat_completions(messages=[{"role": "user", "content": "a"}])
    assert said["choices"][0]["message"]["content"] == "the same"
    with pytest.raises(
        TypeError, match=r"^ai_search\(\) takes one that fake\(\) made, not WebSearch"
    ):
        ai_search(env.WEB)  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_instances_by_the_time_of_their_making() -> None:
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
async def test_filters_of_ai_search_are_those_of_vectorize() -> None:
    docs = fake(AiSearchInstance)
    for year in (2023, 2026):
        await docs.items.upload(
            f"{year}.txt", "News", metadata={"year": year, "at": {"city": "Rome"}}
        )
    options: Any = {"retrieval": {"filters": {"year": {"$gte": 2024}, "at.city": "Rome"}}}
    found = await docs.search(query="news", ai_search_options=options)
    assert [chunk["item"]["key"] for chunk in found["chunks"]] == ["2026.txt"]
    listed = await docs.items.list(metadata_filter=json.dumps({"year": {"$lt": 2024}}))
    assert [item["key"] for item in listed["result"]] == ["2023.txt"]
    assert (await docs.search(query="?"))["chunks"] == []


@pytest.mark.asyncio
async def test_what_an_instance_is_set_to() -> None:
    docs = fake(AiSearchInstance)
    await docs.items.upload("a.txt", "One two three four")
    await docs.items.upload("b.bin", b"\xff one")
    await docs.update({"score_threshold": 0.2, "max_num_results": 1})
    assert len((await docs.search(query="one two"))["chunks"]) == 1
    last = (await docs.items.list(key="b.bin"))["result"][0]
    file = await docs.items.get(last["id"]).download()
    assert file.content_type == "application/octet-stream"


@pytest.mark.asyncio
async def test_faults() -> None:
    env = fake(AppEnv)
    faults(env.DOCS).fail("boom", name="AiSearchInternalError", method="search")
    with pytest.raises(AiSearchError, match=r"^boom$") as caught:
        await env.DOCS.search(query="a")
    assert caught.value.js_name == "AiSearchInternalError"
    faults(env.WEB).fail("busy")
    with pytest.raises(WorkersError, match=r"^busy$"):
        await env.WEB.search(query="a")
    faults(env.REPOS).fail("later", name="ArtifactsError")
    with pytest.raises(ArtifactsError, match=r"^later$") as failed:
        await env.REPOS.get("a")
    assert (failed.value.code, failed.value.numeric_code) == (None, None)


def test_an_error_that_came_over_rpc() -> None:
    from pyworkers_sdk._border import JsException
    from pyworkers_sdk.errors import from_js_error

    error = from_js_error(AiSearchError, JsException("Error", "AiSearchNotFoundError: no x"))
    assert (error.js_name, str(error)) == ("AiSearchNotFoundError", "no x")
    other = from_js_error(ArtifactsError, JsException("Error", "plain: text"))
    assert (other.js_name, str(other)) == ("Error", "plain: text")


@pytest.mark.asyncio
async def test_the_clock_of_memories() -> None:
    clock = Clock(NOON)
    ann = await fake(AgentMemory, clock=clock).get_profile("ann")
    clock.advance(1.5)
    made = await ann.remember("a")
    assert made.created_at == NOON + timedelta(seconds=1.5)
    assert len(made.id) == 26
    assert (await ann.recall("?", reference_date=NOON.date())).count == 0
    assert await ann.get_summary() == "## Memories\n- a\n\n## Last Session"


@pytest.mark.asyncio
async def test_no_more_than_twenty_pages() -> None:
    web = fake(WebSearch)
    web_results(web).extend(WebSearchResult(f"https://{at}.example", "Page") for at in range(30))
    assert len((await web.search(query="page")).items) == 10
    assert len((await web.search(query="page", limit=25)).items) == 20
    with pytest.raises(TypeError, match=r"^web_results\(\) takes one that fake\(\) made, not str$"):
        web_results("a")  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_hashes_are_git_s() -> None:
    repos = fake(Artifacts, clock=Clock(NOON))
    files = {"docs/a.md": "über\n".encode(), "docs.txt": b"b", "index.md": b"# Hello\n"}
    ann = ("Ann", "ann@example.com")
    # as git itself makes them
    first = push_commit(repos, "site", files, message="Start", author=ann)
    assert first == "8c6073cb6dd01c9159124df63b6c83ecc24c3329"
    files["index.md"] = b"# Hello again\n"
    assert (
        push_commit(repos, "site", files, message="Again", author=ann)
        == "8dbc2977c0622b2fe7e40a24185f90c3eb307b72"
    )
    log = await (await repos.get("site")).log()
    assert log[0].tree_hash == "49f13ad4b9e41a100e6c654c4c65f07cca80681a"
    with pytest.raises(TypeError, match=r"^push_commit\(\) takes one that fake\(\) made, not str$"):
        push_commit("a", "site", {})  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_branches_and_forks() -> None:
    repos = fake(Artifacts, clock=Clock(NOON))
    await repos.create("site", set_default_branch="trunk")
    push_commit(repos, "site", {"a": b"1"})
    push_commit(repos, "site", {"a": b"2"}, branch="next")
    site = await repos.get("site")
    info = await site.info()
    assert info.last_push_at == info.updated_at == NOON
    assert len(await site.log(ref="next")) == 1
    await site.fork("one")
    await site.fork("all", default_branch_only=False)
    assert await (await repos.get("one")).read_file(ref="next", path="a") is None
    file = await (await repos.get("all")).read_file(ref="next", path="a")
    assert file is not None
    assert await file.bytes() == b"2"


@pytest.mark.asyncio
async def test_tokens_end() -> None:
    clock = Clock(NOON)
    repos = fake(Artifacts, clock=clock)
    made = await repos.create("site")
    site = await repos.get("site")
    hour = await site.create_token("read", timedelta(hours=1))
    assert hour.expires_at == NOON + timedelta(hours=1)
    clock.advance(3600)
    states = [token.state for token in (await site.list_tokens()).tokens]
    assert states == ["active", "expired"]
    assert await site.revoke_token(made.token) is True


@pytest.mark.asyncio
async def test_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "entry.py").write_text(
        "from pyworkers_sdk import WorkerEntrypoint\nclass Default(WorkerEntrypoint): ...\n"
    )
    config = {
        "name": "w",
        "main": "entry.py",
        "compatibility_date": "2026-07-01",
        "ai_search": [
            {"binding": "DOCS", "instance_name": "docs"},
            {"binding": "SAME", "instance_name": "docs"},
        ],
        "ai_search_namespaces": [{"binding": "SEARCH", "namespace": "default"}],
        "agent_memory": [{"binding": "MEMORY", "namespace": "a"}],
        "artifacts": [{"binding": "REPOS", "namespace": "a"}],
        "websearch": {"binding": "WEB"},
    }
    (tmp_path / "wrangler.json").write_text(json.dumps(config))
    env = FakeRuntime.from_config(tmp_path / "wrangler.json", env=TwiceEnv).env
    await env.DOCS.items.upload("a.txt", "Python")
    assert len((await env.SEARCH.get("docs").items.list())["result"]) == 1
    assert len((await env.SAME.items.list())["result"]) == 1
    await (await env.MEMORY.get_profile("a")).remember("a")
    await env.REPOS.create("a")
    assert (await env.WEB.search(query="a")).items == []
