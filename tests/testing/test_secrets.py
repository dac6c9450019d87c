"""No value of a variable, a secret or a row shows in a repr, an error or a report of pytest."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel

from pyworkers_sdk import (
    D1,
    KV,
    Env,
    Headers,
    Queue,
    Request,
    Response,
    SecretsStoreSecret,
)
from pyworkers_sdk._border import text
from pyworkers_sdk.testing import FakeRuntime, fake, hyperdrive
from tests.worker_project import COMPATIBLE

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).parents[2]
SECRET = "S3CR3T"


class Kind(Enum):
    A = "a"


class Model(BaseModel):
    a: int


class Row(TypedDict):
    a: int


def said(error: BaseException) -> Iterator[str]:
    """Yield all texts of an exception and of its causes and contexts."""
    yield "".join(traceback.format_exception(error)).replace(__file__, "")
    each: BaseException | None = error
    while each is not None:
        yield from (str(each), repr(each), repr(vars(each)), str(getattr(each, "doc", "")))
        yield from getattr(each, "__notes__", [])
        each = each.__cause__ or each.__context__


def refused(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, SECRET),
        (bool, SECRET),
        (Literal["a"], SECRET),
        (Kind, SECRET),
        (datetime, SECRET),
        (Model, {"a": SECRET}),
        (Model, SECRET),
        (Row, {"a": SECRET}),
        (list[Model], [{"a": SECRET}]),
        (dict[str, Kind], {"a": SECRET}),
        (int | None, SECRET),
        (KV, SECRET),
        (D1, SECRET),
        (Queue, SECRET),
        (SecretsStoreSecret, SECRET),
    ],
)
def test_variable_of_another_type_is_refused_without_its_value(annotation: Any, value: Any) -> None:
    env_type: Any = type("AppEnv", (Env,), {"__annotations__": {"TOKEN": annotation}})
    error = refused(lambda: fake(env_type, TOKEN=value).TOKEN)
    assert SECRET not in "\n".join(said(error))


def test_env_and_raw_env_show_names_only() -> None:
    class AppEnv(Env):
        TOKEN: str

    env = fake(AppEnv, TOKEN=SECRET)
    for each in env, env.js_object:
        assert "TOKEN" in repr(each)
        assert SECRET not in repr(each)
    for owner in env, env.js_object:
        assert SECRET not in "\n".join(said(refused(partial(getattr, owner, "TOKENS"))))


@pytest.mark.parametrize(
    "url",
    [
        SECRET,
        f"postgres://u:p[{SECRET}]x@h/d",
        f"postgres://u:{SECRET}\u2100@h/d",
        f"postgres://u:p@h:{SECRET}/d",
        f"postgres://u:{SECRET}@h:99999999/d",
        f"mysql://:{SECRET}@h",
    ],
)
def test_connection_string_is_refused_without_its_text(url: str, tmp_path: Path) -> None:
    assert SECRET not in "\n".join(said(refused(lambda: hyperdrive(url))))
    binding = {"binding": "H", "id": "x", "localConnectionString": url}
    error = configured(
        tmp_path, json.dumps({**COMPATIBLE, "main": "m.py", "hyperdrive": [binding]})
    )
    assert "localConnectionString" in str(error)
    assert SECRET not in "\n".join(said(error))


def configured(folder: Path, configuration: str, name: str = "wrangler.json") -> BaseException:
    (folder / "m.py").write_text(
        "from pyworkers_sdk import WorkerEntrypoint\nclass Default(WorkerEntrypoint): ...\n"
    )
    (folder / name).write_text(configuration)
    return refused(lambda: FakeRuntime.from_config(folder / name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wrangler.json", f'{{"main": "m.py", "vars": ["{SECRET}"]}}'),
        ("wrangler.json", f'{{"main": "m.py", "vars": {{"A": "{SECRET}" "x"}}}}'),
        ("wrangler.json", f'{{"main": "m.py", "vars": {{"A": "a\\q{SECRET}"}}}}'),
        ("wrangler.json", f'{{"main": "m.py", "vars": {{"A": {SECRET}}}}}'),
        ("wrangler.toml", f'main = "m.py"\n[vars]\nA = {SECRET}\n'),
        ("wrangler.toml", f'main = "m.py"\n[vars]\nA = "a\\q{SECRET}"\n'),
        ("wrangler.toml", f'main = "m.py"\n[vars]\nA = "{SECRET}" x\n'),
    ],
)
def test_configuration_is_refused_without_its_values(
    name: str, content: str, tmp_path: Path
) -> None:
    assert SECRET not in "\n".join(said(configured(tmp_path, content, name)))


def test_messages_show_neither_headers_nor_the_query() -> None:
    headers = {"Authorization": SECRET, "Cookie": f"a={SECRET}"}
    request = Request(f"https://u:{SECRET}@x.example/a?token={SECRET}", headers=headers)
    assert repr(request) == "<Request GET https://x.example/a?…>"
    assert repr(request.headers) == "<Headers: authorization, cookie>"
    response = Response(SECRET, status=201, headers={"Set-Cookie": SECRET})
    assert repr(response) == "<Response 201 text/plain;charset=UTF-8>"
    for each in request, request.headers, response:
        assert SECRET not in repr(each.js_object)
    assert SECRET not in "\n".join(said(refused(lambda: Headers({"A": f"{SECRET}\ud800"}))))
    assert SECRET not in "\n".join(said(refused(lambda: text(f"{SECRET}\ud800", "key"))))


@pytest.mark.asyncio
@pytest.mark.parametrize("row_type", [Row, Model, tuple[int], int])
async def test_row_of_another_type_is_refused_without_its_value(row_type: Any) -> None:
    db = fake(D1)
    await db.exec("CREATE TABLE t (a TEXT, n INTEGER UNIQUE)")
    insert = db.prepare("INSERT INTO t VALUES (?, 1)").bind(SECRET)
    await insert.run()
    errors: list[BaseException] = []
    for call in insert.run, db.prepare("SELECT a FROM t", row_type).first:
        try:
            await call()
        except Exception as error:
            errors.append(error)
    assert len(errors) == 2
    assert SECRET not in "\n".join(line for error in errors for line in said(error))


@pytest.mark.asyncio
@pytest.mark.parametrize("value", [SECRET, f'{{"a": "{SECRET}"}}'])
async def test_json_of_another_type_is_refused_without_its_text(value: str) -> None:
    kv = fake(KV)
    await kv.put("k", value)
    errors: list[BaseException] = []
    for reading in (kv.get("k", Model), Response(value).json(Model)):
        try:
            await reading
        except Exception as error:
            errors.append(error)
    assert len(errors) == 2
    assert SECRET not in "\n".join(line for error in errors for line in said(error))


# Reports of pytest -------------------------------------------------------------------------------

ENTRY = """
from pyworkers_sdk import KV, Env, Response, WorkerEntrypoint

class AppEnv(Env):
    CACHE: KV
    TOKEN: str

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request):
        await self.env.CACHE.put("k", self.env.TOKEN, expiration_ttl=1)
        return Response("")
"""
TESTS = """
import pytest
from pyworkers_sdk import Env

SECRET = "".join(["S3C", "R3T"])  # so that the report's quoted lines do not have it
class Wrong(Env):
    TOKEN: int

@pytest.mark.worker(vars={"TOKEN": "".join(["S3C", "R3T"])})
@pytest.mark.asyncio
async def test_key(runtime):
    await runtime.fetch("https://x.example/")

@pytest.mark.worker(vars={"TOKEN": "".join(["S3C", "R3T"])}, env=Wrong)
@pytest.mark.asyncio
async def test_type(runtime):
    runtime.env.TOKEN

@pytest.mark.worker(vars={"TOKEN": "".join(["S3C", "R3T"]), "CACHE": "".join(["S3C", "R3T"])})
@pytest.mark.asyncio
async def test_binding(runtime):
    await runtime.fetch("https://x.example/")
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Write a Worker with its tests, and return the folder."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    binding = {"binding": "CACHE", "id": "1"}
    config = {**COMPATIBLE, "main": "entry.py", "kv_namespaces": [binding]}
    (pytester.path / "wrangler.json").write_text(json.dumps(config))
    (pytester.path / "entry.py").write_text(ENTRY)
    (pytester.path / "test_app.py").write_text(TESTS)
    return pytester


@pytest.mark.parametrize(
    "options",
    [(), ("-l",), ("--tb=long", "-l"), ("--tb=short", "-l"), ("--tb=native",), ("--tb=line",)],
    ids=" ".join,
)
def test_report_of_pytest_has_no_secret(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    result = project.runpytest_subprocess("-p", "no:cacheprovider", *options)
    report = result.stdout.str() + result.stderr.str()
    assert "3 failed" in report or "2 failed, 1 error" in report
    assert SECRET not in report
    if "--tb=native" not in options:
        assert "pyworkers_sdk/" not in report.replace(str(CHECKOUT), "")


def test_traceback_in_pytest_ends_in_the_workers_line(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--tb=short", "-k", "test_key")
    result.stdout.fnmatch_lines(
        [
            "test_app.py:*: in test_key",
            "entry.py:10: in fetch",
            "E*KVError: KV PUT failed: 400 *",
            "E*binding CACHE, KV.put(), key 'k'",
        ]
    )
