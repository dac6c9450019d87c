"""AI Search, as documented; the stand-in of the real worlds checks every request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from pyworkers_sdk import (
    AiSearchError,
    AiSearchInstance,
    AiSearchMessage,
    AiSearchNamespace,
    BindingError,
    Blob,
    ConversionError,
    EventStream,
    Response,
)
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

TEXT = "Caching keeps answers.\n\nWorkers run Python, über alles.\n"
MESSAGES: list[AiSearchMessage] = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "What runs Python?"},
]


async def two_files(app: AppEnv, name: str) -> AiSearchInstance:
    """Create an instance with two files."""
    instance = await app.SEARCH.create({"id": name})
    await instance.items.upload("a.txt", TEXT, metadata={"lang": "en"})
    await instance.items.upload("b.txt", "Python is a snake.", metadata={"lang": "de"})
    return instance


async def test_wrong_binding_type_is_rejected(env: Any) -> None:
    with raises(BindingError):
        AiSearchInstance(env.DATA)
    with raises(BindingError):
        AiSearchNamespace(env.DATA)


# Search ------------------------------------------------------------------------------------------


async def test_search_returns_matching_chunks_best_first(app: AppEnv) -> None:
    instance = await two_files(app, "search")
    response = await instance.search(query="run python")
    assert response["search_query"] == "run python"
    first, second = response["chunks"]
    assert (first["text"], first["score"]) == ("Workers run Python, über alles.", 1)
    assert first["item"]["key"] == "a.txt"
    assert first["item"].get("metadata") == {"lang": "en"}
    assert (second["text"], second["score"], second["type"]) == ("Python is a snake.", 0.5, "text")
    assert (await instance.search(query="nothing of it"))["chunks"] == []


async def test_search_by_messages_uses_the_last_user_message(app: AppEnv) -> None:
    instance = await two_files(app, "messages")
    response = await instance.search(
        messages=MESSAGES, ai_search_options={"retrieval": {"match_threshold": 0.3}}
    )
    assert response["search_query"] == "What runs Python?"
    assert len(response["chunks"]) == 2


async def test_retrieval_options_of_a_search(app: AppEnv) -> None:
    instance = await two_files(app, "options")

    async def keys(**retrieval: Any) -> list[str]:
        options: Any = {"retrieval": retrieval, "reranking": {"enabled": False}}
        response = await instance.search(query="run python", ai_search_options=options)
        return [chunk["item"]["key"] for chunk in response["chunks"]]

    assert await keys() == ["a.txt", "b.txt"]
    assert await keys(match_threshold=0.6) == ["a.txt"]
    assert await keys(max_num_results=1) == ["a.txt"]
    assert await keys(filters={"lang": "de"}) == ["b.txt"]
    only_metadata = await instance.search(
        query="python", ai_search_options={"retrieval": {"metadata_only": True}}
    )
    assert {chunk["text"] for chunk in only_metadata["chunks"]} == {""}


@only("node", "workerd", reason="the stand-in returns the request that it received")
async def test_request_is_sent_unchanged_as_json(app: AppEnv) -> None:
    instance = await two_files(app, "sent")
    options: Any = {
        "retrieval": {"filters": {"year": {"$gte": 2024}, "constructor": None}, "unknown": (1, 2)},
        "cache": {"enabled": True, "cache_threshold": "close_enough"},
    }
    response: Any = await instance.search(query="é", ai_search_options=options)
    options["retrieval"]["unknown"] = [1, 2]
    assert response["received"] == {"query": "é", "ai_search_options": options}
    answer: Any = await instance.chat_completions(
        messages=MESSAGES, model="m", extra={"temperature": 0.5, "model": "other"}
    )
    assert answer["received"] == {"messages": MESSAGES, "model": "m", "temperature": 0.5}


async def test_invalid_search_raises(app: AppEnv) -> None:
    with raises(ConversionError, match=r"^search\(\): expected query or messages, got neither$"):
        await app.DOCS.search()
    with raises(ConversionError, match="expected query or messages, got both$"):
        await app.DOCS.search(query="a", messages=MESSAGES)
    wrong: Any = "What is hot?"
    with raises(ConversionError, match="^messages: expected a list of messages, got str$"):
        await app.DOCS.chat_completions(messages=wrong)
    wrong = {"role": "user", "content": "a"}
    with raises(ConversionError, match="^messages: expected a list of messages, got dict$"):
        await app.DOCS.search(messages=wrong)
    wrong = 5
    with raises(ConversionError, match="^query: expected str, got int$"):
        await app.DOCS.search(query=wrong)
    with raises(ConversionError, match=r"^request.ai_search_options.retrieval: "):
        options: Any = {"retrieval": object()}
        await app.DOCS.search(query="a", ai_search_options=options)
    with raises(AiSearchError, match="no message of a user") as caught:
        await app.DOCS.search(messages=[{"role": "user", "content": None}])
    assert caught.value.js_name == "AiSearchInternalError"


# Chat --------------------------------------------------------------------------------------------


async def test_chat_completions_answers_from_matching_chunks(app: AppEnv) -> None:
    instance = await two_files(app, "chat")
    answer = await instance.chat_completions(
        messages=MESSAGES,
        ai_search_options={"retrieval": {"match_threshold": 0.3, "max_num_results": 1}},
    )
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Workers run Python, über alles.",
    }
    assert [chunk["item"]["key"] for chunk in answer["chunks"]] == ["a.txt"]


async def test_chat_completions_stream_yields_chunks_then_text(app: AppEnv) -> None:
    instance = await two_files(app, "stream")
    stream = await instance.chat_completions(
        messages=MESSAGES,
        stream=True,
        ai_search_options={"retrieval": {"match_threshold": 0.3, "max_num_results": 1}},
    )
    assert isinstance(stream, EventStream)
    first, *rest = [event async for event in stream]
    assert first["chunks"][0]["item"]["key"] == "a.txt"
    assert len(rest) == 5
    text = "".join(event["choices"][0]["delta"]["content"] for event in rest)
    assert text == "Workers run Python, über alles."


async def test_chat_stream_passes_through_to_a_response_unread(app: AppEnv) -> None:
    instance = await two_files(app, "onward")
    stream = await instance.chat_completions(
        messages=[{"role": "user", "content": "caching"}], stream=True
    )
    response = Response(stream.body, headers={"content-type": "text/event-stream"})
    assert (await response.text()).endswith("data: [DONE]\n\n")


# Instances ---------------------------------------------------------------------------------------


async def test_instance_bound_directly(app: AppEnv) -> None:
    item = await app.DOCS.items.upload("single.txt", "A single instance.")
    assert [info["key"] for info in (await app.DOCS.items.list(key="single.txt"))["result"]] == [
        "single.txt"
    ]
    await app.DOCS.items.delete(item["id"])
    assert (await app.DOCS.info()).get("status") == "active"


async def test_update_changes_only_the_passed_settings(app: AppEnv) -> None:
    instance = await app.SEARCH.create(
        {
            "id": "update",
            "chunk_size": 256,
            "index_method": {"vector": True},
            "retrieval_options": None,
        }
    )
    info = await instance.info()
    assert (info["id"], info.get("status"), info.get("chunk_size")) == ("update", "active", 256)
    assert info.get("retrieval_options", "") is None
    changed = await instance.update({"reranking": True, "score_threshold": 0.9})
    assert (changed.get("reranking"), changed.get("chunk_size")) == (True, 256)
    assert (await instance.info()).get("score_threshold") == 0.9


async def test_stats_count_items_and_bytes(app: AppEnv) -> None:
    stats = await (await two_files(app, "stats")).stats()
    assert (stats.get("completed"), stats.get("queued")) == (2, 0)
    assert stats.get("engine", {}).get("r2") == {
        "payloadSizeBytes": len(TEXT.encode()) + 18,
        "metadataSizeBytes": 0,
        "objectCount": 2,
    }


async def test_instances_are_created_listed_and_deleted(app: AppEnv) -> None:
    for name in ("one-go", "two-go", "three-go"):
        await app.SEARCH.create({"id": name})
    page = await app.SEARCH.list(search="-go", per_page=2, order_by="created_at")
    assert [info["id"] for info in page["result"]] == ["one-go", "two-go"]
    assert page.get("result_info") == {"count": 2, "page": 1, "per_page": 2, "total_count": 3}
    rest = await app.SEARCH.list(search="-go", per_page=2, page=2)
    assert [info["id"] for info in rest["result"]] == ["three-go"]
    await app.SEARCH.delete("two-go")
    assert len((await app.SEARCH.list(search="-go", order_by_direction="desc"))["result"]) == 2
    with raises(AiSearchError, match="^there is an instance one-go already$"):
        await app.SEARCH.create({"id": "one-go"})
    with raises(AiSearchError, match="'One' is no id"):
        await app.SEARCH.create({"id": "One"})


async def test_missing_instance_raises_not_found(app: AppEnv) -> None:
    gone = app.SEARCH.get("gone")
    with raises(AiSearchError, match="^instance not found$") as caught:
        await gone.info()
    assert caught.value.js_name == "AiSearchNotFoundError"
    for call in (gone.search(query="a"), gone.items.list(), gone.jobs.get("1").info()):
        with raises(AiSearchError, match="not found"):
            await call
    with raises(AiSearchError, match="^instance gone not found$"):
        await app.SEARCH.delete("gone")


async def test_search_and_chat_in_several_instances(app: AppEnv) -> None:
    await two_files(app, "several-a")
    other = await app.SEARCH.create({"id": "several-b"})
    await other.items.upload("c.txt", "Snakes run, and Python too.")
    both: Any = {"instance_ids": ("several-a", "several-b", "nowhere")}
    response = await app.SEARCH.search(query="run python", ai_search_options=both)
    ids = [(chunk["instance_id"], chunk["score"]) for chunk in response["chunks"]]
    assert ids == [("several-a", 1), ("several-b", 1), ("several-a", 0.5)]
    assert response.get("errors") == [{"instance_id": "nowhere", "message": "instance not found"}]
    messages: list[AiSearchMessage] = [{"role": "user", "content": "snakes"}]
    answer = await app.SEARCH.chat_completions(
        messages=messages, ai_search_options={"instance_ids": ["several-b"]}
    )
    assert answer["choices"][0]["message"]["content"] == "Snakes run, and Python too."
    assert "errors" not in answer
    stream = await app.SEARCH.chat_completions(
        messages=messages, stream=True, ai_search_options={"instance_ids": ["several-b"]}
    )
    first, *_ = [event async for event in stream]
    assert list(first) == ["chunks"]


# Items -------------------------------------------------------------------------------------------


async def test_upload_replaces_an_item_with_the_same_name(app: AppEnv) -> None:
    items = (await app.SEARCH.create({"id": "upload"})).items
    item = await items.upload("a.txt", TEXT, metadata={"lang": "en", "year": 2026, "none": None})
    assert (item["key"], item["status"], item.get("next_action")) == ("a.txt", "queued", None)
    again = await items.upload_and_poll(
        "a.txt", "new", poll_interval_ms=10, timeout_ms=timedelta(seconds=1)
    )
    assert (again["id"], again["status"], again.get("file_size")) == (item["id"], "completed", 3)
    assert len((await items.list())["result"]) == 1


async def parts() -> AsyncIterator[bytes]:
    yield b"in "
    yield b""
    yield b"parts"


async def test_upload_takes_text_bytes_blobs_and_streams(app: AppEnv) -> None:
    items = (await app.SEARCH.create({"id": "sorts"})).items
    body = Response("of a body").body
    assert body is not None
    contents: dict[str, Any] = {
        "a text": "a text",
        "some bytes": b"some bytes",
        "a buffer": memoryview(b"a buffer"),
        "a blob": Blob(["a ", b"blob"]),
        "of a body": body,
        "in parts": parts(),
    }
    for text, content in contents.items():
        item = await items.upload(text, content)
        assert await (await items.get(item["id"]).download()).body.text() == text
    with raises(ConversionError, match="^content: expected str, bytes, Blob or a stream, got int$"):
        await items.upload("a", 1)  # type: ignore[arg-type]
    with raises(ConversionError, match="^name: expected str, got int$"):
        await items.upload(1, "a")  # type: ignore[arg-type]


async def test_items_list_filters_and_paginates(app: AppEnv) -> None:
    items = (await two_files(app, "listed")).items
    every = await items.list()
    assert [item["key"] for item in every["result"]] == ["a.txt", "b.txt"]
    assert every.get("result_info", {})["per_page"] == 25

    async def keys(**params: Any) -> list[str]:
        return [item["key"] for item in (await items.list(**params))["result"]]

    assert await keys(page=2, per_page=1) == ["b.txt"]
    assert await keys(search="a.") == ["a.txt"]
    assert await keys(status="error") == []
    assert await keys(source="web-crawler:https://example.com") == []
    assert await keys(metadata_filter='{"lang": "de"}') == ["b.txt"]
    assert await keys(item_id=every["result"][1]["id"]) == ["b.txt"]
    assert await keys(key="a.txt", sort_by="status") == ["a.txt"]


async def test_item_info_download_sync_and_delete(app: AppEnv) -> None:
    items = (await two_files(app, "item")).items
    known = (await items.list(key="a.txt"))["result"][0]
    item = items.get(known["id"])
    info = await item.info()
    assert (info["status"], info.get("chunks_count"), info.get("metadata")) == (
        "completed",
        2,
        {"lang": "en"},
    )
    file = await item.download()
    assert (file.content_type, file.filename, file.size) == ("text/plain", "a.txt", len(TEXT) + 1)
    assert await file.body.bytes() == TEXT.encode()
    assert (await item.sync())["status"] == "queued"
    await items.delete(known["id"])
    for call in (item.info(), item.download(), item.sync(), item.logs(), item.chunks()):
        with raises(AiSearchError, match=rf"^item {known['id']} not found$") as caught:
            await call
        assert caught.value.js_name == "AiSearchNotFoundError"


async def test_item_chunks_and_logs_are_paginated(app: AppEnv) -> None:
    items = (await two_files(app, "chunks")).items
    item = items.get((await items.list(key="a.txt"))["result"][0]["id"])
    first = await item.chunks(limit=1)
    assert first["result_info"] == {"count": 1, "total": 2, "limit": 1, "offset": 0}
    assert first["result"][0]["text"] == "Caching keeps answers."
    rest = (await item.chunks(offset=1))["result"][0]
    assert TEXT.encode()[rest["start_byte"] : rest["end_byte"]].decode() == rest["text"]
    await item.sync()
    page = await item.logs(limit=1)
    assert page["result"][0]["action"] == "index"
    assert page["result"][0].get("fileKey") == "a.txt"
    assert (page["result_info"]["truncated"], page["result_info"]["count"]) == (True, 1)
    last = await item.logs(cursor=page["result_info"]["cursor"])
    assert [log["action"] for log in last["result"]] == ["sync"]
    assert last["result_info"]["cursor"] is None


# Jobs --------------------------------------------------------------------------------------------


async def test_jobs_are_created_listed_and_cancelled(app: AppEnv) -> None:
    jobs = (await app.SEARCH.create({"id": "jobs"})).jobs
    job = await jobs.create(description="By hand")
    assert (job["source"], job.get("description")) == ("user", "By hand")
    assert "description" not in await jobs.create()
    assert (await jobs.get(job["id"]).info()) == job
    page = await jobs.list(page=2, per_page=1)
    assert (len(page["result"]), page.get("result_info", {})["total_count"]) == (1, 2)
    logs = await jobs.get(job["id"]).logs(per_page=5)
    assert logs["result"][0]["message"] == "done"
    assert (await jobs.get(job["id"]).cancel()).get("end_reason") == "cancelled"
    with raises(AiSearchError, match="^job 99 not found$"):
        await jobs.get("99").cancel()
