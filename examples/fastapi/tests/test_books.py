"""The application on the fakes, through the Worker: no network, no Node, no mock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from books.env import AppEnv
from pyworkers_sdk import Response
from pyworkers_sdk.testing import FakeRuntime

SITE = "https://books.example"
DUNE = {"title": "Dune", "author": "Frank Herbert", "price": 9.0}


async def post(runtime: FakeRuntime[AppEnv], book: Any) -> Response:
    headers = {"content-type": "application/json"}
    return await runtime.fetch(
        f"{SITE}/books", method="POST", headers=headers, body=json.dumps(book)
    )


@pytest.mark.asyncio
async def test_a_book_is_added_and_found(runtime: FakeRuntime[AppEnv]) -> None:
    added = await post(runtime, DUNE)
    assert added.status == 201
    assert await added.json() == {"id": 1, **DUNE, "sold_out": False}
    found = await runtime.fetch(f"{SITE}/books/1")
    assert await found.json() == {"id": 1, **DUNE, "sold_out": False, "currency": "EUR"}


@pytest.mark.asyncio
async def test_books_are_listed_by_author(runtime: FakeRuntime[AppEnv]) -> None:
    await post(runtime, DUNE)
    await post(runtime, {"title": "Emma", "author": "Jane Austen", "price": 7.5})
    everything = await runtime.fetch(f"{SITE}/books")
    assert [book["title"] for book in await everything.json()] == ["Dune", "Emma"]
    austen = await runtime.fetch(f"{SITE}/books?author=Jane%20Austen")
    assert [book["title"] for book in await austen.json()] == ["Emma"]


@pytest.mark.asyncio
async def test_invalid_book_is_refused(runtime: FakeRuntime[AppEnv]) -> None:
    refused = await post(runtime, {**DUNE, "price": -1})
    assert refused.status == 422
    assert (await refused.json())["detail"][0]["loc"] == ["body", "price"]


@pytest.mark.asyncio
async def test_missing_book_is_a_404(runtime: FakeRuntime[AppEnv]) -> None:
    missing = await runtime.fetch(f"{SITE}/books/7")
    assert missing.status == 404
    assert await missing.json() == {"detail": "no such book"}


@pytest.mark.asyncio
async def test_openapi_schema_lists_the_routes(runtime: FakeRuntime[AppEnv]) -> None:
    schema = await (await runtime.fetch(f"{SITE}/openapi.json")).json()
    assert set(schema["paths"]) == {"/books", "/books/{number}"}
