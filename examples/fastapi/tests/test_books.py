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
async def test_added_book_is_returned_by_id(runtime: FakeRuntime[AppEnv]) -> None:
    created = await post(runtime, DUNE)
    assert created.status == 201
    assert await created.json() == {"id": 1, **DUNE, "sold_out": False}
    response = await runtime.fetch(f"{SITE}/books/1")
    assert await response.json() == {"id": 1, **DUNE, "sold_out": False, "currency": "EUR"}


@pytest.mark.asyncio
async def test_list_filters_by_author(runtime: FakeRuntime[AppEnv]) -> None:
    await post(runtime, DUNE)
    await post(runtime, {"title": "Emma", "author": "Jane Austen", "price": 7.5})
    all_books = await runtime.fetch(f"{SITE}/books")
    assert [book["title"] for book in await all_books.json()] == ["Dune", "Emma"]
    austen = await runtime.fetch(f"{SITE}/books?author=Jane%20Austen")
    assert [book["title"] for book in await austen.json()] == ["Emma"]


@pytest.mark.asyncio
async def test_invalid_book_is_rejected(runtime: FakeRuntime[AppEnv]) -> None:
    response = await post(runtime, {**DUNE, "price": -1})
    assert response.status == 422
    assert (await response.json())["detail"][0]["loc"] == ["body", "price"]


@pytest.mark.asyncio
async def test_missing_book_is_not_found(runtime: FakeRuntime[AppEnv]) -> None:
    response = await runtime.fetch(f"{SITE}/books/7")
    assert response.status == 404
    assert await response.json() == {"detail": "book not found"}


@pytest.mark.asyncio
async def test_openapi_schema_lists_the_routes(runtime: FakeRuntime[AppEnv]) -> None:
    schema = await (await runtime.fetch(f"{SITE}/openapi.json")).json()
    assert set(schema["paths"]) == {"/books", "/books/{book_id}"}
