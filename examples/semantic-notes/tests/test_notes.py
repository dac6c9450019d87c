"""The notes on the fakes: no network, no Node, no mock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from notes.answers import NOTHING, WRITER
from notes.library import EMBEDDER, AppEnv, Library
from pyworkers_sdk import AIError, Response
from pyworkers_sdk.testing import FakeRuntime, ai, faults, vectors

SITE = "https://notes.example"
TEA = "Green tea wants water of eighty degrees. Two minutes are enough. Then take the leaves out."
CAT = "The cat eats twice a day. She gets dry food in the morning. Fish is for Sundays."
BIKE = "The bicycle has a new chain. Oil the chain every month. The brakes were fine in May."


async def upload(runtime: FakeRuntime[AppEnv], title: str, text: str | bytes) -> Response:
    return await runtime.fetch(f"{SITE}/api/notes?title={quote(title)}", method="POST", body=text)


async def get(runtime: FakeRuntime[AppEnv], path: str, **headers: str) -> Response:
    return await runtime.fetch(f"{SITE}{path}", headers=headers)


async def search(runtime: FakeRuntime[AppEnv], question: str) -> Any:
    response = await get(runtime, f"/api/search?q={quote(question)}")
    assert response.status == 200
    return (await response.json())["found"]


async def listed(runtime: FakeRuntime[AppEnv]) -> dict[str, bool]:
    notes = (await (await get(runtime, "/api/notes")).json())["notes"]
    return {note["title"]: note["ready"] for note in notes}


async def add_three_notes(runtime: FakeRuntime[AppEnv]) -> list[str]:
    notes = {"Tea": TEA, "Cat": CAT, "Bicycle": BIKE}
    created = [await (await upload(runtime, *note)).json() for note in notes.items()]
    return [note["id"] for note in created]


def events(text: str) -> list[tuple[str, Any]]:
    parsed: list[tuple[str, Any]] = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        parsed.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return parsed


# Upload ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_uploaded_note_is_stored_and_indexed(runtime: FakeRuntime[AppEnv]) -> None:
    response = await upload(runtime, "Tea", TEA)
    assert response.status == 201
    note = await response.json()
    assert {**note, "id": ""} == {"id": "", "title": "Tea", "length": len(TEA), "ready": True}
    text = await get(runtime, f"/api/notes/{note['id']}")
    assert await text.text() == TEA
    assert text.headers["content-type"] == "text/plain;charset=utf-8"
    assert [vector.id for vector in vectors(runtime.env.INDEX)] == [f"{note['id']}-0"]


@pytest.mark.asyncio
async def test_uploading_the_same_note_twice_stores_it_once(runtime: FakeRuntime[AppEnv]) -> None:
    first = await upload(runtime, "Tea", TEA)
    calls_before = len(ai(runtime.env.AI).calls)
    second = await upload(runtime, "Tea", TEA)
    assert second.status == 200
    assert await second.json() == await first.json()
    assert len(ai(runtime.env.AI).calls) == calls_before
    assert (await upload(runtime, "Green tea", TEA)).status == 201
    assert await listed(runtime) == {"Green tea": True, "Tea": True}


@pytest.mark.asyncio
async def test_long_text_has_a_vector_for_each_piece(runtime: FakeRuntime[AppEnv]) -> None:
    text = " ".join(f"Sentence number {number} is about nothing." for number in range(3000))
    note = await (await upload(runtime, "Long", text)).json()
    rows = await runtime.env.DB.prepare("SELECT id FROM pieces").all()
    assert len(rows) > 100  # more than one batch of embeddings, and of deletions
    assert {row["id"] for row in rows} == {vector.id for vector in vectors(runtime.env.INDEX)}
    sizes = [len(call.inputs["text"]) for call in ai(runtime.env.AI).calls]
    assert max(sizes) == 50
    assert (await search(runtime, "Sentence number 2999"))[0]["note"] == note["id"]
    deleted = await runtime.fetch(f"{SITE}/api/notes/{note['id']}", method="DELETE")
    assert deleted.status == 204
    assert vectors(runtime.env.INDEX) == []


@pytest.mark.parametrize(
    ("title", "text", "status", "error"),
    [
        ("", TEA, 422, "title: expected 1 to 100 printable characters"),
        ("a\nb", TEA, 422, "title: expected 1 to 100 printable characters"),
        ("x" * 101, TEA, 422, "title: expected 1 to 100 printable characters"),
        ("Tea", " \n", 422, "the text: expected text that is not empty and not binary"),
        ("Tea", "a\0b", 422, "the text: expected text that is not empty and not binary"),
        ("Tea", b"\xff\xfe", 422, "the text: expected UTF-8"),
        ("Tea", "x" * 200_001, 413, "the text: expected at most 200000 bytes"),
    ],
)
@pytest.mark.asyncio
async def test_invalid_note_is_rejected(
    runtime: FakeRuntime[AppEnv], title: str, text: str | bytes, status: int, error: str
) -> None:
    response = await upload(runtime, title, text)
    assert (response.status, await response.json()) == (status, {"error": error})
    assert await listed(runtime) == {}


@pytest.mark.asyncio
async def test_endless_body_is_read_only_up_to_the_limit(
    runtime: FakeRuntime[AppEnv],
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 10_000

    url = f"{SITE}/api/notes?title=Endless"
    assert (await runtime.fetch(url, method="POST", body=endless())).status == 413
    assert sent < 30


@pytest.mark.asyncio
async def test_upload_without_a_body_is_rejected(runtime: FakeRuntime[AppEnv]) -> None:
    assert (await runtime.fetch(f"{SITE}/api/notes?title=None", method="POST")).status == 422


@pytest.mark.parametrize("binding", ["TEXTS", "AI", "INDEX"])
@pytest.mark.asyncio
async def test_failed_upload_is_completed_by_the_next(
    runtime: FakeRuntime[AppEnv], binding: str
) -> None:
    faults(getattr(runtime.env, binding)).fail("no connection to 10.0.0.7")
    failed = await upload(runtime, "Tea", TEA)
    assert failed.status == (500 if binding == "TEXTS" else 502)
    assert "10.0.0.7" not in await failed.text()
    assert await listed(runtime) == {"Tea": False}
    assert await search(runtime, "How hot is the water for tea?") == []
    assert (await upload(runtime, "Tea", TEA)).status == 201
    assert await listed(runtime) == {"Tea": True}
    assert (await search(runtime, "How hot is the water for tea?"))[0]["text"] == TEA


# Search ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How hot is the water for green tea?", "Tea"),
        ("What does the cat eat on Sundays?", "Cat"),
        ("When do I oil the chain of the bicycle?", "Bicycle"),
    ],
)
@pytest.mark.asyncio
async def test_search_ranks_the_relevant_note_first(
    runtime: FakeRuntime[AppEnv], question: str, title: str
) -> None:
    await add_three_notes(runtime)
    results = await search(runtime, question)
    assert results[0]["title"] == title
    assert [piece["score"] for piece in results] == sorted(
        (piece["score"] for piece in results), reverse=True
    )
    assert len(results) == 3


@pytest.mark.asyncio
async def test_new_note_is_found_once_the_index_has_it(
    runtime: FakeRuntime[AppEnv],
) -> None:
    faults(runtime.env.INDEX).late(5)
    await add_three_notes(runtime)
    assert await search(runtime, "tea") == []
    runtime.clock.advance(5)
    assert (await search(runtime, "tea"))[0]["title"] == "Tea"


@pytest.mark.parametrize("path", ["/api/search", "/api/search?q=%20", "/api/answer?q=" + "x" * 501])
@pytest.mark.asyncio
async def test_invalid_question_is_rejected(runtime: FakeRuntime[AppEnv], path: str) -> None:
    response = await get(runtime, path)
    error = {"error": "q: expected 1 to 500 printable characters"}
    assert (response.status, await response.json()) == (422, error)


# Answers -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_answer_includes_its_sources(runtime: FakeRuntime[AppEnv]) -> None:
    await add_three_notes(runtime)
    ai(runtime.env.AI).on(WRITER, "Eighty degrees [1].")
    answer = await (await get(runtime, "/api/answer?q=How%20hot%20is%20green%20tea%3F")).json()
    assert answer["answer"] == "Eighty degrees [1]."
    assert answer["sources"] == await search(runtime, "How hot is green tea?")
    call = next(call for call in ai(runtime.env.AI).calls if call.model == WRITER)
    system, user = call.inputs["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"].startswith(f"Notes:\n\n[1] Tea\n{TEA}\n\n[2] ")
    assert user["content"].endswith("Question: How hot is green tea?")


@pytest.mark.asyncio
async def test_streamed_answer_sends_sources_first_then_pieces(
    runtime: FakeRuntime[AppEnv],
) -> None:
    await add_three_notes(runtime)
    resume = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "Eighty"
        await resume.wait()
        yield " degrees [1]."

    ai(runtime.env.AI).on(WRITER, lambda inputs: slowly())
    answer = await get(runtime, "/api/answer?q=green%20tea", accept="text/event-stream")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.body
    chunks = aiter(answer.body)
    [(name, sources)] = events((await anext(chunks)).decode())
    assert (name, sources[0]["title"]) == ("sources", "Tea")
    assert events((await anext(chunks)).decode()) == [("piece", "Eighty")]
    rest = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0.01)  # no chunk may come; a slow machine cannot break this
    assert not rest.done()
    resume.set()
    assert events((await rest).decode()) == [("piece", " degrees [1].")]
    assert events((await anext(chunks)).decode()) == [("done", None)]
    assert await anext(chunks, None) is None


@pytest.mark.asyncio
async def test_closing_the_stream_stops_the_model(runtime: FakeRuntime[AppEnv]) -> None:
    await add_three_notes(runtime)
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield "on and "
                await asyncio.sleep(0)
        finally:
            ended.set()

    ai(runtime.env.AI).on(WRITER, lambda inputs: endless())
    answer = await get(runtime, "/api/answer?q=tea", accept="text/event-stream")
    assert answer.body
    chunks = aiter(answer.body)
    for _ in range(3):
        await anext(chunks)
    await chunks.aclose()
    await asyncio.wait_for(ended.wait(), 60)


@pytest.mark.asyncio
async def test_answer_without_notes_does_not_call_the_model(runtime: FakeRuntime[AppEnv]) -> None:
    answer = await get(runtime, "/api/answer?q=tea")
    assert await answer.json() == {"answer": NOTHING, "sources": []}
    stream = await get(runtime, "/api/answer?q=tea", accept="text/event-stream")
    expected = [("sources", []), ("piece", NOTHING), ("done", None)]
    assert events(await stream.text()) == expected
    assert {call.model for call in ai(runtime.env.AI).calls} == {EMBEDDER}


# Failures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (3036, 503, "the model is busy; try again later"),
        (3040, 503, "the model is busy; try again later"),
        (5007, 502, "the model failed"),
        (None, 502, "the model failed"),
    ],
)
@pytest.mark.asyncio
async def test_failing_model_is_reported_without_details(
    runtime: FakeRuntime[AppEnv], code: int | None, status: int, error: str, accept: str
) -> None:
    await add_three_notes(runtime)

    def fail(inputs: Any) -> Any:
        raise AIError("account 4711: no", code=code)

    ai(runtime.env.AI).on(WRITER, fail)
    failed = await get(runtime, "/api/answer?q=tea", accept=accept)
    assert (failed.status, await failed.json()) == (status, {"error": error})
    assert failed.headers.get("retry-after") == ("30" if status == 503 else None)


@pytest.mark.asyncio
async def test_busy_embedding_model_is_a_503(runtime: FakeRuntime[AppEnv]) -> None:
    faults(runtime.env.AI).fail("3040: Capacity temporarily exceeded", method="run")
    assert (await get(runtime, "/api/search?q=tea")).status == 503


@pytest.mark.asyncio
async def test_failing_index_is_reported_without_details(runtime: FakeRuntime[AppEnv]) -> None:
    failing = faults(runtime.env.INDEX)
    failing.fail("VECTOR_QUERY_ERROR (code = 40041): rate limit exceeded")
    busy = await get(runtime, "/api/search?q=tea")
    error = {"error": "the index is busy; try again later"}
    assert (busy.status, await busy.json()) == (503, error)
    failing.fail("VECTOR_QUERY_ERROR (code = 40006): the index secret-7 has 768 dimensions")
    failed = await get(runtime, "/api/search?q=tea")
    assert (failed.status, await failed.json()) == (502, {"error": "the index failed"})


@pytest.mark.asyncio
async def test_an_answer_that_breaks_off_says_so(runtime: FakeRuntime[AppEnv]) -> None:
    await add_three_notes(runtime)

    async def interrupted() -> AsyncIterator[str]:
        yield "Eighty"
        raise OSError("connection to 10.0.0.7 lost")

    ai(runtime.env.AI).on(WRITER, lambda inputs: interrupted())
    answer = await get(runtime, "/api/answer?q=tea", accept="text/event-stream")
    text = await answer.text()
    assert "10.0.0.7" not in text
    assert [name for name, _ in events(text)] == ["sources", "piece", "error"]


# Deletion and routes ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_deletion_removes_the_note_everywhere(runtime: FakeRuntime[AppEnv]) -> None:
    tea, *others = await add_three_notes(runtime)
    deleted = await runtime.fetch(f"{SITE}/api/notes/{tea}", method="DELETE")
    assert deleted.status == 204
    assert (await get(runtime, f"/api/notes/{tea}")).status == 404
    assert "Tea" not in {piece["title"] for piece in await search(runtime, "green tea")}
    assert {vector.id for vector in vectors(runtime.env.INDEX)} == {f"{id}-0" for id in others}
    assert [object.key for object in (await runtime.env.TEXTS.list()).objects] == sorted(
        f"notes/{id}.txt" for id in others
    )
    pieces = await runtime.env.DB.prepare("SELECT note FROM pieces").all()
    assert {row["note"] for row in pieces} == {*others}
    response = await runtime.fetch(f"{SITE}/api/notes/{tea}", method="DELETE")
    assert response.status == 404


@pytest.mark.parametrize("binding", ["INDEX", "TEXTS"])
@pytest.mark.asyncio
async def test_a_deletion_that_broke_off_can_be_repeated(
    runtime: FakeRuntime[AppEnv], binding: str
) -> None:
    tea, *_ = await add_three_notes(runtime)
    faults(getattr(runtime.env, binding)).fail("away")
    failed = await runtime.fetch(f"{SITE}/api/notes/{tea}", method="DELETE")
    assert failed.status == (502 if binding == "INDEX" else 500)
    assert (await listed(runtime))["Tea"] is False
    assert "Tea" not in {piece["title"] for piece in await search(runtime, "green tea")}
    assert (await runtime.fetch(f"{SITE}/api/notes/{tea}", method="DELETE")).status == 204
    assert "Tea" not in await listed(runtime)
    assert len(vectors(runtime.env.INDEX)) == 2


@pytest.mark.asyncio
async def test_search_skips_unfinished_notes(
    runtime: FakeRuntime[AppEnv],
) -> None:
    await add_three_notes(runtime)
    library = Library(runtime.env)
    for number in range(10):
        note, _ = await library.add(f"Tea {number}", f"{TEA} {number}")
        await (
            runtime.env.DB.prepare("UPDATE notes SET ready = 0 WHERE id = ?").bind(note["id"]).run()
        )
    titles = [piece["title"] for piece in await search(runtime, TEA)]
    assert (titles[0], sorted(titles)) == ("Tea", ["Bicycle", "Cat", "Tea"])


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("PUT", "/api/notes", 405, "GET, POST"),
        ("PUT", f"/api/notes/{'0' * 32}", 405, "GET, DELETE"),
        ("POST", "/api/search?q=a", 405, "GET"),
        ("POST", "/api/answer?q=a", 405, "GET"),
        ("GET", f"/api/notes/{'0' * 32}", 404, None),
        ("GET", "/api/notes/..%2Fsecret", 404, None),
        ("DELETE", "/api/notes/%25", 404, None),
        ("GET", "/api/other", 404, None),
    ],
)
@pytest.mark.asyncio
async def test_unknown_path_or_method_is_rejected(
    runtime: FakeRuntime[AppEnv], method: str, path: str, status: int, allow: str | None
) -> None:
    response = await runtime.fetch(f"{SITE}{path}", method=method)
    assert (response.status, response.headers.get("allow")) == (status, allow)
    assert (await response.json()).keys() == {"error"}


@pytest.mark.asyncio
async def test_page_is_a_static_asset(runtime: FakeRuntime[AppEnv]) -> None:
    page = await get(runtime, "/")
    assert page.status == 200
    assert "<title>Notes</title>" in await page.text()
