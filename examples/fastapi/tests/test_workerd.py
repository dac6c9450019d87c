"""The application inside real workerd, with the builds of FastAPI and pydantic for Pyodide."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from examples import serving

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"
DUNE = {"title": "Dune", "author": "Frank Herbert", "price": 9.0}


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
def test_books_are_added_listed_and_validated() -> None:
    from tests.real.worlds import packages_for_314

    modules = [packages_for_314("fastapi==0.165.0")]
    with (
        serving.workerd(CONFIG, modules=modules) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        created = client.post("/books", json=DUNE)
        assert (created.status_code, created.json()) == (201, {"id": 1, **DUNE, "sold_out": False})
        book = client.get("/books/1").json()
        assert book == {"id": 1, **DUNE, "sold_out": False, "currency": "EUR"}
        assert [row["title"] for row in client.get("/books").json()] == ["Dune"]
        rejected = client.post("/books", json={**DUNE, "price": -1})
        assert rejected.status_code == 422
        assert rejected.json()["detail"][0]["loc"] == ["body", "price"]
        assert client.get("/books/7").json() == {"detail": "book not found"}
