"""Blocking calls of an application run without threads: on the fakes and in workerd."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from examples import serving
from pyworkers_sdk.testing import FakeRuntime

HERE = Path(__file__).resolve().parent
FASTAPI = ["fastapi==0.165.0", "python-multipart==0.0.34"]

_real = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1"
    ),
]


@contextmanager
def in_workerd(folder: Path, worker: str, packages: list[str], *, date: str) -> Iterator[str]:
    from tests.real.worlds import packages_for_314

    shutil.copyfile(HERE / worker, folder / worker)
    config = {
        "name": worker.removesuffix("_worker.py"),
        "main": worker,
        "compatibility_date": date,
        "compatibility_flags": ["python_workers"],
    }
    (folder / "wrangler.jsonc").write_text(json.dumps(config))
    modules = [packages_for_314(package) for package in packages]
    with serving.workerd(folder / "wrangler.jsonc", modules=modules) as url:
        yield url


@contextmanager
def on_fakes() -> Iterator[str]:
    from tests.real.blocking_worker import Default

    with serving.fakes(FakeRuntime(Default, raise_exceptions=False)) as url:
        yield url


@pytest.fixture(scope="module", params=["fake", pytest.param("314", marks=_real)])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    fake = request.param == "fake"
    folder = tmp_path_factory.mktemp("blocking")
    served = (
        on_fakes() if fake else in_workerd(folder, "blocking_worker.py", FASTAPI, date="2026-09-08")
    )
    with served as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


def test_def_operation_and_its_dependency_run(client: httpx.Client) -> None:
    client.get("/log")
    assert client.get("/def").json() == {"name": "session"}
    assert client.get("/log").json() == ["opened", "closed"]


def test_exception_of_a_def_operation_is_a_500(client: httpx.Client) -> None:
    assert client.get("/fails").status_code == 500


def test_plain_generator_is_streamed(client: httpx.Client) -> None:
    assert client.get("/stream").text == "0,1,2,"


def test_synchronous_background_task_runs(client: httpx.Client) -> None:
    client.get("/log")
    assert client.get("/tasks").json() == "answered"
    assert client.get("/log").json() == ["task"]


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_upload_is_read(client: httpx.Client, size: int) -> None:
    files = {"file": ("a.txt", b"x" * size)}
    assert client.post("/upload", files=files).json() == ["a.txt", size]
    assert client.post("/upload/async", files=files).json() == ["a.txt", size]
    assert client.post("/upload/bytes", files=files).json() == size


def test_file_is_sent(client: httpx.Client) -> None:
    assert client.get("/file").text == "in a file"


def test_calls_that_want_a_thread_return_their_results(client: httpx.Client) -> None:
    assert client.get("/calls").json() == ["asyncio-1", "executor-1", "anyio-1", "by name"]


def test_blocking_call_of_anyio_has_the_context_of_its_caller(client: httpx.Client) -> None:
    # Other than in a thread of anyio, a change of the context stays. asyncio copies the context.
    assert client.get("/context").json() == ["Ada", "Bob", "Bob", "Bob"]


def test_blocking_call_runs_before_other_tasks(client: httpx.Client) -> None:
    assert client.get("/order").json() == ["call", "task"]


def test_blocking_call_cannot_call_the_event_loop(client: httpx.Client) -> None:
    reason = "Not running inside an AnyIO worker thread"
    assert client.get("/back").json().startswith(reason)


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
@pytest.mark.parametrize("date", ["2026-09-08", "2026-05-01"])
def test_anyio_imported_within_a_request_runs_blocking_calls(tmp_path: Path, date: str) -> None:
    """The official SDK patches neither of these: before 2026-05-26 its patches are not read."""
    with in_workerd(tmp_path, "lazy_worker.py", ["anyio"], date=date) as url:
        assert httpx.get(url, trust_env=False, timeout=60).text == "ran"
