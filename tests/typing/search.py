"""The types of the search bindings and Artifacts: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any, Literal, assert_type

from pyworkers_sdk import (
    AgentMemory,
    AgentMemoryMemory,
    AgentMemoryProfile,
    AiSearchChatCompletionsResponse,
    AiSearchInstance,
    AiSearchInstanceInfo,
    AiSearchItem,
    AiSearchItemContentResult,
    AiSearchItemInfo,
    AiSearchMultiSearchResponse,
    AiSearchNamespace,
    AiSearchSearchResponse,
    Artifacts,
    ArtifactsCommitMetadata,
    ArtifactsCreateRepoResult,
    ArtifactsRepo,
    ArtifactsTreeEntry,
    Blob,
    Env,
    EventStream,
    ReadableStream,
)
from pyworkers_sdk.testing import ai_search, fake, push_commit


class AppEnv(Env):
    DOCS: AiSearchInstance
    SEARCH: AiSearchNamespace
    MEMORY: AgentMemory
    REPOS: Artifacts


async def search(docs: AiSearchInstance, namespace: AiSearchNamespace) -> None:
    response = await docs.search(query="a", ai_search_options={"retrieval": {"max_num_results": 3}})
    assert_type(response, AiSearchSearchResponse)
    assert_type(response["chunks"][0]["item"]["key"], str)
    several = await namespace.search(query="a", ai_search_options={"instance_ids": ["b"]})
    assert_type(several, AiSearchMultiSearchResponse)
    assert_type(several["chunks"][0]["instance_id"], str)
    answer = await docs.chat_completions(messages=[{"role": "user", "content": "a"}])
    assert_type(answer, AiSearchChatCompletionsResponse)
    assert_type(answer["choices"][0]["message"]["content"], str | None)
    stream = await docs.chat_completions(messages=[], stream=True, extra={"temperature": 0.2})
    assert_type(stream, EventStream[dict[str, Any]])

    await docs.search("a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await namespace.search(query="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await docs.chat_completions(messages=[{"role": "me", "content": ""}])  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]


async def instances(namespace: AiSearchNamespace) -> None:
    created = await namespace.create({"id": "docs", "chunk_size": 512})
    assert_type(created, AiSearchInstance)
    assert_type(namespace.get("docs"), AiSearchInstance)
    assert_type(await created.update({"reranking": True}), AiSearchInstanceInfo)
    assert_type((await namespace.list())["result"], list[AiSearchInstanceInfo])

    await namespace.create({"chunk_size": 1})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    await created.update({"chunk_sise": 1})  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportArgumentType]


async def items(docs: AiSearchInstance, parts: AsyncIterator[bytes]) -> None:
    for content in ("a", b"a", Blob(["a"]), parts):
        assert_type(await docs.items.upload("a.md", content), AiSearchItemInfo)
    item = docs.items.get("1")
    assert_type(item, AiSearchItem)
    file = await item.download()
    assert_type(file, AiSearchItemContentResult)
    assert_type(file.body, ReadableStream)
    assert_type((await docs.jobs.create())["source"], Literal["user", "schedule"])

    await docs.items.upload("a.md", 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await docs.items.list(status="done")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def memory(namespace: AgentMemory) -> None:
    profile = await namespace.get_profile("ann")
    assert_type(profile, AgentMemoryProfile)
    stored = await profile.remember("a", session_id="s")
    assert_type(stored, AgentMemoryMemory)
    assert_type(stored.created_at, datetime)
    response = await profile.recall("a", thinking_level="high", reference_date=date(2026, 7, 1))
    assert_type(response.candidates[0].score, float)
    await profile.ingest([{"role": "user", "content": "a"}])

    await profile.recall("a", thinking_level="hard")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await profile.ingest(["a"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def git(artifacts: Artifacts) -> None:
    created = await artifacts.create("site", read_only=True)
    assert_type(created, ArtifactsCreateRepoResult)
    copy = await artifacts.import_(source={"url": "https://a"}, target={"name": "b"})
    assert_type(copy, ArtifactsCreateRepoResult)
    with await artifacts.get("site") as repo:
        assert_type(repo, ArtifactsRepo)
        assert_type(await repo.log(ref="main"), list[ArtifactsCommitMetadata])
        assert_type(await repo.read_tree("a"), list[ArtifactsTreeEntry] | None)
        assert_type(await repo.read_file(ref="main", path="a"), Blob | None)
        await repo.create_token("read", timedelta(hours=1))

    await artifacts.import_(source={"branch": "a"}, target={"name": "b"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]


def fakes() -> None:
    env = fake(AppEnv)
    ai_search(env.DOCS).answer = lambda messages, chunks: f"{len(chunks)}"
    assert_type(push_commit(env.REPOS, "site", {"a": b""}), str)
