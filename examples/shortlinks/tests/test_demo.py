"""The demo's visit, response by response, on the fakes and inside workerd."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest

from examples.shortlinks import demo


def transcript(server: AbstractContextManager[str]) -> str:
    """Return the demo's transcript; fail if a response was unexpected."""
    lines: list[str] = []
    with server as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        visitor = demo.Visitor(client, lines.append)
        demo.visit(visitor)
    text = "\n".join(lines)
    assert visitor.failed == 0, text
    assert visitor.sent > 15
    return text


def test_visit_on_the_fakes() -> None:
    assert "409 Conflict" in transcript(demo.fakes(port=0))


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
@pytest.mark.parametrize("pyodide", ["314", "0.28"])
def test_visit_in_workerd(pyodide: str) -> None:
    assert "409 Conflict" in transcript(demo.workerd(port=0, pyodide=pyodide))


def test_unexpected_response_is_reported() -> None:
    lines: list[str] = []
    with (
        demo.fakes(port=0) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        visitor = demo.Visitor(client, lines.append)
        visitor("A page", "GET", "/", expect=500)
    assert visitor.failed == 1
    assert lines[-1].strip().startswith("UNEXPECTED  expected 500")


@pytest.mark.parametrize("start", [demo.fakes, lambda port: demo.workerd(port, "314")])
def test_port_in_use_ends_with_a_clear_message(
    start: Callable[[int], AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"^demo: port {port} is in use"), start(port):
            pass


def test_missing_node_ends_with_a_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SystemExit, match=r"^demo: workerd needs Node 20"):
        demo.workerd(port=0, pyodide="314").__enter__()
