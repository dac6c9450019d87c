"""The application inside real workerd, with Pyodide's builds of FastAPI and pydantic."""

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
def test_a_book_is_added_and_found() -> None:
    from tests.real.worlds import packages_for_314

    modules = [packages_for_314("fastapi==0.165.0")]
    with (
        serving.workerd(CONFIG, modules=modules) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        added = client.post("/books", json=DUNE)
        assert (added.status_code, added.json()) == (201, {"id": 1, **DUNE, "sold_out": False})
        found = client.get("/books/1").json()
        assert found == {"id": 1, **DUNE, "sold_out": False, "currency": "EUR"}
        assert [book["title"] for book in client.get("/books").json()] == ["Dune"]
        refused = client.post("/books", json={**DUNE, "price": -1})
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == ["body", "price"]
        assert client.get("/books/7").json() == {"detail": "no such book"}
