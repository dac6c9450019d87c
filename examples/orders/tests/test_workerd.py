"""Both Workers inside real workerd, with its queues, Workflows engine and RPC."""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx
import pytest

from examples import serving

HERE = Path(__file__).parents[1]
CONFIGS = (HERE / "wrangler.jsonc", HERE / "warehouse" / "wrangler.jsonc")


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
@pytest.mark.parametrize("pyodide", ["314", "0.28"])
def test_orders_are_shipped_until_stock_runs_out(pyodide: str) -> None:
    variables = {"VAN_COMES_IN": "1 second"}
    with (
        serving.workerd(*CONFIGS, pyodide=pyodide, variables=variables) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        cups = {"item": "cup", "quantity": 2}  # there are three in stock
        ids = [client.post("/orders", json=cups).raise_for_status().json()["id"] for _ in range(2)]
        deadline = time.monotonic() + 60
        states: list[str] = []
        while set(states) != {"shipped", "refused"} and time.monotonic() < deadline:
            time.sleep(0.2)
            states = [client.get(f"/orders/{order_id}").json()["state"] for order_id in ids]
        assert sorted(states) == ["refused", "shipped"]
        assert client.post("/orders", json={"item": "cup"}).status_code == 422
