"""The pytest plugin, run in test suites that the tests write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).parents[2]

TAKES = "worker: expected config, environment, env, vars, also, fresh"

WORKER = """
from pyworkers_sdk import KV, Env, Request, Response, WorkerEntrypoint

requests = 0

class AppEnv(Env):
    CACHE: KV
    WORD: str = "default"

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        global requests
        requests += 1
        if request.url.endswith("/later"):
            self.ctx.wait_until(self.env.CACHE.put("later", "done"))
        if request.url.endswith("/fail"):
            self.ctx.wait_until(self.env.CACHE.put("k", "v", expiration_ttl=1))
        return Response(f"{self.env.WORD} {requests}")
"""
CONFIG = """{
  "name": "app",
  "main": "src/entry.py",
  "compatibility_date": "2026-07-01",
  "compatibility_flags": ["python_workers"],
  "kv_namespaces": [{ "binding": "CACHE", "id": "1" }],
  "env": {
    "staging": {
      "vars": { "WORD": "staging" },
      "kv_namespaces": [{ "binding": "CACHE", "id": "2" }]
    }
  }
}"""

COMPATIBLE = 'compatibility_date = "2026-07-01"\ncompatibility_flags = ["python_workers"]\n'


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A Worker, with no tests yet."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.syspath_prepend(str(CHECKOUT))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))  # of processes that a test starts
    write(pytester, "wrangler.jsonc", CONFIG)
    write(pytester, "src/entry.py", WORKER)
    return pytester


def write(pytester: pytest.Pytester, path: str, text: str) -> None:
    (pytester.path / path).parent.mkdir(parents=True, exist_ok=True)
    (pytester.path / path).write_text(text)


def run(suite: pytest.Pytester, tests: str, *options: str, mode: str = "auto") -> pytest.RunResult:
    write(suite, "tests/test_it.py", "import pytest\n" + tests)
    plugins = ("-p", "pytest_asyncio.plugin", "-p", "pyworkers_sdk.testing.plugin")
    scope = ("-o", "asyncio_default_fixture_loop_scope=function")
    return suite.runpytest_inprocess(*plugins, f"--asyncio-mode={mode}", *scope, *options)


ISOLATED = """
@pytest.mark.asyncio
async def test_one(runtime, env, clock):
    await env.CACHE.put("k", "v", expiration_ttl=60)
    clock.advance(61)
    assert runtime.clock is clock
    assert await env.CACHE.get("k") is None
    await env.CACHE.put("k", "v")
    assert await (await runtime.fetch("https://example.com/")).text() == "default 1"

@pytest.mark.asyncio
async def test_another(runtime, env):
    assert await env.CACHE.get("k") is None
    assert await (await runtime.fetch("https://example.com/")).text() == "default 2"
"""


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_each_test_has_its_own_runtime(suite: pytest.Pytester, mode: str) -> None:
    run(suite, ISOLATED, "--strict-markers", "-W", "error", mode=mode).assert_outcomes(passed=2)


def test_auto_mode_needs_no_asyncio_mark(suite: pytest.Pytester) -> None:
    run(suite, ISOLATED.replace("@pytest.mark.asyncio", "")).assert_outcomes(passed=2)


def test_a_synchronous_test_can_use_the_runtime(suite: pytest.Pytester) -> None:
    tests = """
import asyncio

def test_it(runtime):
    assert asyncio.run(runtime.fetch("https://example.com/")).status == 200
"""
    run(suite, tests, mode="strict").assert_outcomes(passed=1)


def test_wait_until_work_is_drained_at_the_end_of_a_test(suite: pytest.Pytester) -> None:
    tests = """
runtimes = []

async def test_works(runtime):
    runtimes.append(runtime)
    await runtime.fetch("https://example.com/later")
    assert await runtime.env.CACHE.get("later") is None

async def test_worked():
    assert await runtimes[0].env.CACHE.get("later") == "done"

async def test_fails(runtime):
    await runtime.fetch("https://example.com/fail")
"""
    result = run(suite, tests)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_fails*", "*KVError: KV PUT failed: 400*"]
    )


def test_the_marker_sets_options(suite: pytest.Pytester) -> None:
    write(suite, "other/wrangler.toml", 'name = "other"\nmain = "../src/entry.py"\n' + COMPATIBLE)
    tests = """
from pyworkers_sdk import KV, Env
from pyworkers_sdk.testing import fake

class Other(Env):
    WORD: str

pytestmark = pytest.mark.worker(environment="staging", vars={"WORD": "of the module"})

async def test_module(env):
    assert env.WORD == "of the module"

class TestClass:
    pytestmark = pytest.mark.worker(vars={"CACHE": fake(KV)})

    @pytest.mark.worker(vars={"WORD": "of the test"})
    async def test_it(self, env):
        assert env.WORD == "of the test"

@pytest.mark.worker("other/wrangler.toml", environment=None, env=Other, also=["wrangler.jsonc"])
async def test_another_worker(runtime):
    assert [*runtime.workers] == ["app"]
    assert runtime.env.WORD == "of the module"

@pytest.mark.worker(fresh=True)
async def test_fresh(runtime):
    assert await (await runtime.fetch("https://example.com/")).text() == "of the module 1"

@pytest.mark.worker(fresh=True)
async def test_fresh_again(runtime):
    assert await (await runtime.fetch("https://example.com/")).text() == "of the module 1"
"""
    run(suite, tests).assert_outcomes(passed=5)


def test_a_folder_can_set_options_and_clock(suite: pytest.Pytester) -> None:
    conftest = """
import datetime, pytest
from pyworkers_sdk.testing import Clock

@pytest.fixture
def clock():
    return Clock(datetime.datetime(2026, 1, 2))

@pytest.fixture
def worker_options():
    return {"environment": "staging", "vars": {"WORD": "of the folder"}}
"""
    write(suite, "tests/conftest.py", conftest)
    tests = """
async def test_folder(runtime):
    assert runtime.env.WORD == "of the folder"
    assert runtime.clock.datetime().year == 2026 and runtime.clock.datetime().day == 2

@pytest.mark.worker(vars={"WORD": "of the test"})
async def test_marker(env):
    assert env.WORD == "of the test"
"""
    run(suite, tests).assert_outcomes(passed=2)


USERS_FIXTURE = """
import pytest
from pyworkers_sdk.testing import FakeRuntime

@pytest.fixture(scope="module")
def shared():
    return FakeRuntime.from_config("wrangler.jsonc")

@pytest.fixture
def mine(shared):
    return shared

def test_a(mine): pass
def test_b(mine): pass
"""


@pytest.mark.parametrize(
    "tests",
    ["async def test_a(runtime): pass\nasync def test_b(env): pass\n", USERS_FIXTURE],
    ids=["plugin", "user"],
)
@pytest.mark.parametrize("style", ["auto", "short", "long", "native"])
def test_a_config_error_of_a_fixture_is_one_line(
    suite: pytest.Pytester, tests: str, style: str
) -> None:
    write(suite, "wrangler.jsonc", CONFIG.replace('"name": "app"', '"name": "My App"'))
    result = run(suite, tests, f"--tb={style}")
    result.assert_outcomes(errors=2)
    line = 'ConfigError: wrangler.jsonc:2: name: expected lowercase letters, digits, "-" and "_"'
    assert [each for each in result.outlines if each.startswith(line)] == [
        f"{line}, and no \"-\" at the start, got 'My App'"
    ] * 2
    start = result.outlines.index(next(each for each in result.outlines if "= ERRORS =" in each))
    assert len(result.outlines) - start < 10
    result.stdout.fnmatch_lines(["ERROR *test_a - ConfigError: wrangler.jsonc:2:*"])


def test_a_config_error_in_the_body_of_a_test_has_its_traceback(suite: pytest.Pytester) -> None:
    tests = """
from pyworkers_sdk.testing import FakeRuntime

def test_a():
    FakeRuntime.from_config("none.toml")
"""
    result = run(suite, tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['>*FakeRuntime.from_config("none.toml")'])


def test_the_ini_file_names_a_configuration(suite: pytest.Pytester) -> None:
    config = 'main = "../src/entry.py"\nvars.WORD = "ini"\nkv_namespaces = [{binding = "CACHE"}]\n'
    write(suite, "conf/wrangler.toml", COMPATIBLE + config)
    suite.makeini("[pytest]\nworker_config = conf/wrangler.toml\n")
    tests = """
async def test_it(env):
    assert env.WORD == "ini"

@pytest.mark.worker(config="wrangler.jsonc")
async def test_marker(env):
    assert env.WORD == "default"
"""
    run(suite, tests).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("enviroment='a'", f"*{TAKES}, got enviroment*"),
        ("'a', 'b'", f"*{TAKES}, got b*"),
        ("config='none.toml'", "*ConfigError: *none.toml: No such file or directory"),
        ("environment='stagin'", "*unknown environment 'stagin'; did you mean 'staging'?"),
    ],
)
def test_an_invalid_marker_is_reported(suite: pytest.Pytester, marker: str, message: str) -> None:
    result = run(suite, f"@pytest.mark.worker({marker})\nasync def test_it(env): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_a_missing_configuration_is_reported(suite: pytest.Pytester) -> None:
    (suite.path / "wrangler.jsonc").unlink()
    result = run(suite, "async def test_it(env): pass")
    result.assert_outcomes(errors=1)
    names = "wrangler.json, wrangler.jsonc, wrangler.toml"
    result.stdout.fnmatch_lines([f"missing {names} in *tests and its parents"])


def test_the_marker_is_documented(suite: pytest.Pytester) -> None:
    result = run(suite, "", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.worker(config=None, *, environment=None, *"])


def test_missing_pytest_asyncio_is_reported(suite: pytest.Pytester) -> None:
    write(suite, "pytest_asyncio.py", "raise ImportError")
    write(suite, "tests/test_it.py", "def test_it(runtime): pass\ndef test_other(): pass")
    command = [sys.executable, "-m", "pytest", "-p", "pyworkers_sdk.testing.plugin", "tests"]
    environment = {**os.environ, "PYTHONPATH": f"{suite.path}:{CHECKOUT}"}
    result = subprocess.run(
        command, cwd=suite.path, env=environment, capture_output=True, text=True
    )
    assert "1 passed, 1 error" in result.stdout
    assert "the fixture needs: pip install 'pyworkers-sdk[testing]'" in result.stdout


def test_an_unused_plugin_loads_nothing(suite: pytest.Pytester) -> None:
    tests = """
import sys

def test_it():
    ours = {name for name in sys.modules if name.startswith("pyworkers_sdk")}
    assert ours == {"pyworkers_sdk", "pyworkers_sdk.testing", "pyworkers_sdk.testing.plugin"}
    assert "pydantic" not in sys.modules
"""
    write(suite, "tests/test_it.py", tests)
    plugins = ("-p", "pytest_asyncio.plugin", "-p", "pyworkers_sdk.testing.plugin")
    suite.runpytest_subprocess(*plugins).assert_outcomes(passed=1)
