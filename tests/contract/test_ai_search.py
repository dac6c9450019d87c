"""AI Search, as it is documented: the stand-in of the real worlds is strict about what it gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
ASKED: list[AiSearchMessage] = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "What runs Python?"},
]


async def made(app: AppEnv, name: str) -> AiSearchInstance:
    """An instance with two files in it."""
    instance = await app.SEARCH.create({"id": name})
    await instance.items.upload("a.txt", TEXT, metadata={"lang": "en"})
    await instance.items.upload("b.txt", "Python is a snake.", metadata={"lang": "de"})
    return instance


async def test_another_thing_is_no_binding_of_it(env: Any) -> None:
    with raises(BindingError):
        AiSearchInstance(env.DATA)
    with raises(BindingError):
        AiSearchNamespace(env.DATA)


# Search


async def test_search(app: AppEnv) -> None:
    instance = await made(app, "search")
    found = await instance.search(query="run python")
    assert found["search_query"] == "run python"
    first, second = found["chunks"]
    assert (first["text"], first["score"]) == ("Workers run Python, über alles.", 1)
    assert first["item"]["key"] == "a.txt"
    assert first["item"].get("metadata") == {"lang": "en"}
    assert (second["text"], second["score"], second["type"]) == ("Python is a snake.", 0.5, "text")
    assert (await instance.search(query="nothing of it"))["chunks"] == []


async def test_search_by_messages(app: AppEnv) -> None:
    instance = await made(app, "messages")
    found = await instance.search(
        messages=ASKED, ai_search_options={"retrieval": {"match_threshold": 0.3}}
    )
    assert found["search_query"] == "What runs Python?"
    assert len(found["chunks"]) == 2


async def test_options_of_a_search(app: AppEnv) -> None:
    instance = await made(app, "options")

    async def keys(**retrieval: Any) -> list[str]:
        options: Any = {"retrieval": retrieval, "reranking": {"enabled": False}}
        found = await instance.search(query="run python", ai_search_options=options)
        return [chunk["item"]["key"] for chunk in found["chunks"]]

    assert await keys() == ["a.txt", "b.txt"]
    assert await keys(match_threshold=0.6) == ["a.txt"]
    assert await keys(max_num_results=1) == ["a.txt"]
    assert await keys(filters={"lang": "de"}) == ["b.txt"]
    only_metadata = await instance.search(
        query="python", ai_search_options={"retrieval": {"metadata_only": True}}
    )
    assert {chunk["text"] for chunk in only_metadata["chunks"]} == {""}


@only("node", "workerd", reason="the stand-in says what it got")
async def test_what_is_sent(app: AppEnv) -> None:
    instance = await made(app, "sent")
    options: Any = {
        "retrieval": {"filters": {"year": {"$gte": 2024}, "constructor": None}, "unknown": (1, 2)},
        "cache": {"enabled": True, "cache_threshold": "close_enough"},
    }
    found: Any = await instance.search(query="é", ai_search_options=options)
    options["retrieval"]["unknown"] = [1, 2]
    assert found["received"] == {"query": "é", "ai_search_options": options}
    said: Any = await instance.chat_completions(
        messages=ASKED, model="m", extra={"temperature": 0.5, "model": "other"}
    )
    assert said["received"] == {"messages": ASKED, "model": "m", "temperature": 0.5}


async def test_what_cannot_be_asked(app: AppEnv) -> None:
    with raises(ConversionError, match=r"^search\(\) takes either query or messages$"):
        await app.DOCS.search()
    with raises(ConversionError, match="either query or messages"):
        await app.DOCS.search(query="a", messages=ASKED)
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


# Chat


async def test_chat_completions(app: AppEnv) -> None:
    instance = await made(app, "chat")
    said = await instance.chat_completions(
        messages=ASKED,
        ai_search_options={"retrieval": {"match_threshold": 0.3, "max_num_results": 1}},
    )
    assert said["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Workers run Python, über alles.",
    }
    assert [chunk["item"]["key"] for chunk in said["chunks"]] == ["a.txt"]


async def test_chat_completions_piece_by_piece(app: AppEnv) -> None:
    instance = await made(app, "stream")
    stream = await instance.chat_completions(
        messages=ASKED,
        stream=True,
        ai_search_options={"retrieval": {"match_threshold": 0.3, "max_num_results": 1}},
    )
    assert isinstance(stream, EventStream)
    first, *rest = [event async for event in stream]
    assert first["chunks"][0]["item"]["key"] == "a.txt"
    assert len(rest) == 5
    text = "".join(event["choices"][0]["delta"]["content"] for event in rest)
    assert text == "Workers run Python, über alles."


async def test_a_stream_goes_on_as_it_is(app: AppEnv) -> None:
    instance = await made(app, "onward")
    stream = await instance.chat_completions(
        messages=[{"role": "user", "content": "caching"}], stream=True
    )
    response = Response(stream.body, headers={"content-type": "text/event-stream"})
    assert (await response.text()).endswith("data: [DONE]\n\n")


# Instances


async def test_a_single_instance(app: AppEnv) -> None:
    item = await app.DOCS.items.upload("single.txt", "A single instance.")
    assert [one["key"] for one in (await app.DOCS.items.list(key="single.txt"))["result"]] == [
        "single.txt"
    ]
    await app.DOCS.items.delete(item["id"])
    assert (await app.DOCS.info()).get("status") == "active"


async def test_update_and_info(app: AppEnv) -> None:
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


async def test_stats(app: AppEnv) -> None:
    stats = await (await made(app, "stats")).stats()
    assert (stats.get("completed"), stats.get("queued")) == (2, 0)
    assert stats.get("engine", {}).get("r2") == {
        "payloadSizeBytes": len(TEXT.encode()) + 18,
        "metadataSizeBytes": 0,
        "objectCount": 2,
    }


async def test_instances_come_and_go(app: AppEnv) -> None:
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


async def test_what_is_not_there(app: AppEnv) -> None:
    gone = app.SEARCH.get("gone")
    with raises(AiSearchError, match="^instance not found$") as caught:
        await gone.info()
    assert caught.value.js_name == "AiSearchNotFoundError"
    for asking in (gone.search(query="a"), gone.items.list(), gone.jobs.get("1").info()):
        with raises(AiSearchError, match="not found"):
            await asking
    with raises(AiSearchError, match="^instance gone not found$"):
        await app.SEARCH.delete("gone")


async def test_several_instances(app: AppEnv) -> None:
    await made(app, "several-a")
    other = await app.SEARCH.create({"id": "several-b"})
    await other.items.upload("c.txt", "Snakes run, and Python too.")
    both: Any = {"instance_ids": ("several-a", "several-b", "nowhere")}
    found = await app.SEARCH.search(query="run python", ai_search_options=both)
    ids = [(chunk["instance_id"], chunk["score"]) for chunk in found["chunks"]]
    assert ids == [("several-a", 1), ("several-b", 1), ("several-a", 0.5)]
    assert found.get("errors") == [{"instance_id": "nowhere", "message": "instance not found"}]
    messages: list[AiSearchMessage] = [{"role": "user", "content": "snakes"}]
    said = await app.SEARCH.chat_completions(
        messages=messages, ai_search_options={"instance_ids": ["several-b"]}
    )
    assert said["choices"][0]["message"]["content"] == "Snakes run, and Python too."
    assert "errors" not in said
    stream = await app.SEARCH.chat_completions(
        messages=messages, stream=True, ai_search_options={"instance_ids": ["several-b"]}
    )
    first, *_ = [event async for event in stream]
    assert list(first) == ["chunks"]


# Items


async def test_upload(app: AppEnv) -> None:
    items = (await app.SEARCH.create({"id": "upload"})).items
    item = await items.upload("a.txt", TEXT, metadata={"lang": "en", "year": 2026, "none": None})
    assert (item["key"], item["status"], item.get("next_action")) == ("a.txt", "queued", None)
    again = await items.upload_and_poll("a.txt", "new", poll_interval_ms=10, timeout_ms=1000)
    assert (again["id"], again["status"], again.get("file_size")) == (item["id"], "completed", 3)
    assert len((await items.list())["result"]) == 1


async def pieces() -> AsyncIterator[bytes]:
    yield b"in "
    yield b""
    yield b"pieces"


async def test_all_that_can_be_uploaded(app: AppEnv) -> None:
    items = (await app.SEARCH.create({"id": "sorts"})).items
    body = Response("of a body").body
    assert body is not None
    given: dict[str, Any] = {
        "a text": "a text",
        "some bytes": b"some bytes",
        "a buffer": memoryview(b"a buffer"),
        "a blob": Blob(["a ", b"blob"]),
        "of a body": body,
        "in pieces": pieces(),
    }
    for text, content in given.items():
        item = await items.upload(text, content)
        assert await (await items.get(item["id"]).download()).body.text() == text
    with raises(ConversionError, match="^content: expected str, bytes, Blob or a stream, got int$"):
        await items.upload("a", 1)  # type: ignore[arg-type]
    with raises(ConversionError, match="^name: expected str, got int$"):
        await items.upload(1, "a")  # type: ignore[arg-type]


async def test_the_list_of_items(app: AppEnv) -> None:
    items = (await made(app, "listed")).items
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


async def test_one_item(app: AppEnv) -> None:
    items = (await made(app, "item")).items
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
    for asking in (item.info(), item.download(), item.sync(), item.logs(), item.chunks()):
        with raises(AiSearchError, match=rf"^item {known['id']} not found$") as caught:
            await asking
        assert caught.value.js_name == "AiSearchNotFoundError"


async def test_chunks_and_logs_of_an_item(app: AppEnv) -> None:
    items = (await made(app, "chunks")).items
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


# Jobs


async def test_jobs(app: AppEnv) -> None:
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
