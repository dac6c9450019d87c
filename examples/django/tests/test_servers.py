"""Equal answers of a plain WSGI server, of the fakes and of workerd to the same requests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from examples import serving
from examples.exchanges import Exchange, answers
from pyworkers_sdk.testing import FakeRuntime
from todo.app import application
from todo.env import AppEnv

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"


def new(title: str) -> Exchange:
    return Exchange("POST", "/tasks", urlencode({"title": title}).encode())


EXCHANGES = [
    Exchange("GET", "/tasks"),
    *map(new, ["Ann", "Łukasz", "東京", "a&b=c+d", "é" * 1000, ""]),
    Exchange("POST", "/tasks", b"title=%00%E2%98%83"),
    Exchange("POST", "/tasks/2", b""),
    Exchange("DELETE", "/tasks/1"),
    Exchange("DELETE", "/tasks/1"),
    Exchange("GET", "/tasks"),
    Exchange("HEAD", "/hello"),
    Exchange("GET", "/tasks/2"),
    Exchange("GET", "/tasks/%C5%81"),
    Exchange("PUT", "/tasks"),
    Exchange("GET", "/tasks.csv"),
    Exchange("GET", "/hello?a=%C5%81&b=+%20"),
    *[
        Exchange("GET", "/hello", cookie=b"name=" + name.encode())
        for name in ("", "Ann", "Łukasz", "é", "東京", "\U0001f600", '"quoted"')
    ],
]
HEADERS = ("content-type", "allow", "x-path", "set-cookie", "location")


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    """Return the answers of the application under a WSGI server."""
    runtime: FakeRuntime[AppEnv] = FakeRuntime.from_config(CONFIG)
    with serving.wsgi_server(application, runtime.env) as url:
        return answers(url, EXCHANGES, *HEADERS)


def test_answers_on_the_fakes_are_those_of_a_wsgi_server(expected: list[Any]) -> None:
    with serving.fakes(FakeRuntime.from_config(CONFIG)) as url:
        assert answers(url, EXCHANGES, *HEADERS) == expected


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
def test_answers_in_workerd_are_those_of_a_wsgi_server(expected: list[Any]) -> None:
    from tests.real.worlds import pure_packages

    with serving.workerd(CONFIG, modules=[pure_packages("django==5.2.19")]) as url:
        assert answers(url, EXCHANGES, *HEADERS) == expected
