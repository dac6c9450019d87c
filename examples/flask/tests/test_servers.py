"""Equal answers of a plain WSGI server, of the fakes and of workerd to the same requests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from examples import serving
from examples.exchanges import Exchange, answers
from guestbook.app import app
from guestbook.env import AppEnv
from pyworkers_sdk.testing import FakeRuntime

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"


def entry(name: str) -> Exchange:
    return Exchange("POST", "/entries", urlencode({"name": name, "message": "hello"}).encode())


EXCHANGES = [
    Exchange("GET", "/entries"),
    *map(entry, ["Ann", "Łukasz", "東京", "a&b=c+d", "é" * 1000]),
    Exchange("POST", "/entries", b"name=Ann"),
    Exchange("POST", "/entries", b"name=%ff&message=%00"),
    Exchange("POST", "/entries", (b"name=Ann", b"&message=in+chunks")),
    Exchange("GET", "/entries"),
    Exchange("HEAD", "/entries"),
    Exchange("GET", "/entries/1"),
    Exchange("GET", "/entries/99"),
    Exchange("GET", "/entries/%C5%81"),
    Exchange("PUT", "/entries"),
    Exchange("OPTIONS", "/entries"),
    Exchange("GET", "/book.txt"),
    Exchange("HEAD", "/book.txt"),
    *[
        Exchange("GET", "/hello", cookie=b"name=" + name.encode())
        for name in ("", "Ann", "Łukasz", "é", "東京", "\U0001f600", '"quoted"')
    ],
]
HEADERS = ("content-type", "allow", "x-greeted", "set-cookie", "location")


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    """Return the answers of the application under a WSGI server."""
    runtime: FakeRuntime[AppEnv] = FakeRuntime.from_config(CONFIG)
    with serving.wsgi_server(app, runtime.env) as url:
        return answers(url, EXCHANGES, *HEADERS)


def test_answers_on_the_fakes_are_those_of_a_wsgi_server(expected: list[Any]) -> None:
    with serving.fakes(FakeRuntime.from_config(CONFIG)) as url:
        assert answers(url, EXCHANGES, *HEADERS) == expected


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
def test_answers_in_workerd_are_those_of_a_wsgi_server(expected: list[Any]) -> None:
    from tests.real.worlds import pure_packages

    with serving.workerd(CONFIG, modules=[pure_packages("flask==3.1.3")]) as url:
        assert answers(url, EXCHANGES, *HEADERS) == expected
