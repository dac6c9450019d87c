"""Modules of a Worker that other code imports by a name in a string, and modules of other Workers.

In workerd the main module's folder is on ``sys.path``, so each of these names is found there.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import FakeRuntime
from tests.worker_project import HEAD, refused, text, worker, write, written

MAIN = """
import logging.config, pickle, pkgutil
import named_urls
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec

AT_IMPORT = import_module("named_lazy").where

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response(str(eval(CODE[int(request.url.rpartition("/")[2])])))
"""
CODE = [
    ("import_module('named_urls') is named_urls", "True"),
    ("import_module('entry').Default is type(self)", "True"),
    ("import_module('named_app.views').where", "views"),
    ("import_module('.views', import_module('named_app').__name__).where", "views"),
    ("import_module('named_app') is import_module('named_app')", "True"),
    ("__import__('named_urls') is named_urls", "True"),
    ("pkgutil.resolve_name('named_app.views:where')", "views"),
    ("pkgutil.get_data('named_app', 'data.txt')", "b'data'"),
    ("files('named_app').joinpath('data.txt').read_text()", "data"),
    ("find_spec('named_lazy') is not None and find_spec('named_nothing') is None", "True"),
    ("pickle.loads(pickle.dumps(named_urls.Thing())).__class__ is named_urls.Thing", "True"),
    ("pickle.loads(b'cnamed_urls\\nThing\\n.') is named_urls.Thing", "True"),
    (
        "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False,"
        " 'handlers': {'h': {'class': 'named_log.Kept'}},"
        " 'loggers': {'named': {'handlers': ['h']}}})"
        " or type(logging.getLogger('named').handlers[0]) is import_module('named_log').Kept",
        "True",
    ),
    (
        "type(logging.config.BaseConfigurator({}).resolve('named_log.Kept')).__name__",
        "type",
    ),
    ("AT_IMPORT", "lazy"),
    ("import_module('json').__name__", "json"),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("src/named_urls.py", "where = 'urls'\nclass Thing: pass\n")
    write("src/named_lazy.py", "where = 'lazy'\n")
    write("src/named_app/__init__.py", "")
    write("src/named_app/views.py", "where = 'views'\n")
    write("src/named_app/data.txt", "data")
    write("src/named_log.py", "import logging\nclass Kept(logging.Handler): pass\n")
    return tmp_path


def code() -> str:
    return MAIN + f"\nCODE = {[each for each, _ in CODE]!r}\n"


@pytest.mark.parametrize("index", range(len(CODE)))
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.asyncio
async def test_worker_finds_its_modules_by_name(index: int, fresh: bool) -> None:
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written({}, code()), fresh=fresh)
    assert await text(runtime, str(index)) == CODE[index][1]
    assert not [name for name in sys.modules if name.startswith("named_")]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("named_urls")


@pytest.mark.asyncio
async def test_task_without_a_function_of_the_worker_finds_its_modules() -> None:
    source = """
import asyncio
from tests.testing.test_named_modules import import_later

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response(await asyncio.create_task(import_later("named_urls")))
"""
    assert await text(worker({}, source)) == "urls"


async def import_later(name: str) -> str:
    """Import a module of the Worker, as the code of a framework does in a task."""
    return str(importlib.import_module(name).where)


@pytest.mark.asyncio
async def test_workers_find_their_own_modules_of_the_same_name() -> None:
    source = """
from importlib import import_module

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response(import_module("named_urls").where + __import__("named_urls").where)
"""
    write("b/src/named_urls.py", "where = 'other'\n")
    first, second = worker({}, source), worker({}, source, folder="b")
    for _ in range(2):
        assert await text(first) == "urlsurls"
        assert await text(second) == "otherother"


@pytest.mark.asyncio
async def test_fresh_worker_finds_its_own_main_module(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
from importlib import import_module

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response(str(import_module("entry").Default is type(self)))
"""
    path = written({}, source)
    monkeypatch.syspath_prepend(str(here / "src"))
    assert await text(FakeRuntime.from_config(path)) == "True"
    assert await text(FakeRuntime.from_config(path, fresh=True)) == "True"
    del sys.modules["entry"]


# Modules of another Worker -----------------------------------------------------------------------

ACCOUNTS = HEAD + "class Default(WorkerEntrypoint):\n    limit = 1\n"


def collab(line: str) -> tuple[dict[str, Any], str]:
    config = {"services": [{"binding": "ACCOUNTS", "service": "accounts"}]}
    body = """
from typing import TYPE_CHECKING
from pyworkers_sdk import Service
{}

class AppEnv(Env):
    ACCOUNTS: "Service[Accounts]"

class Default(WorkerEntrypoint[AppEnv]):
    pass
"""
    return config, body.format(line)


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> str:
    """Another Worker. Its folder is on ``sys.path``, like a folder of pytest's pythonpath."""
    path = written({"name": "accounts", "main": "src/accounts_main.py"}, folder="accounts")
    write("accounts/src/accounts_main.py", ACCOUNTS)
    write("accounts/src/accounts_types.py", "class Accounts: pass\ndef price(): pass\n")
    monkeypatch.syspath_prepend(str(Path("accounts/src").resolve()))
    return path


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("from accounts_main import Default as Accounts", "accounts_main"),
        ("import accounts_types; Accounts = 1", "accounts_types"),
        ("from accounts_types import Accounts", "accounts_types"),
        ("from accounts_types import price; Accounts = 1", "accounts_types"),
    ],
)
def test_import_of_another_workers_module_is_refused(
    line: str, module: str, accounts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, source = collab(line)
    message = refused(config, source, also=[accounts])
    assert message == (
        f"wrangler.jsonc:3: main: src/entry.py imports {module}, but accounts/src/{module}.py is "
        'not uploaded with it; import a class for Service[…] under "if TYPE_CHECKING:"'
    )
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(accounts)
    assert f"imports {module}" in refused(config, source, ACCOUNTS=runtime)
    for name in ("accounts_main", "accounts_types"):
        sys.modules.pop(name, None)


def test_import_of_another_workers_class_for_type_checkers_is_taken(accounts: str) -> None:
    config, source = collab("if TYPE_CHECKING:\n    from accounts_main import Default as Accounts")
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written(config, source), also=[accounts])
    assert runtime.env.ACCOUNTS is not None
    sys.modules.pop("accounts_main", None)


def test_import_of_a_module_beside_two_workers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    write("shared/shared_types.py", "class Accounts: pass\n")
    monkeypatch.syspath_prepend(str(Path("shared").resolve()))
    other = written({"name": "accounts"}, folder="accounts")
    config, source = collab("from shared_types import Accounts")
    FakeRuntime.from_config(written(config, source), also=[other])
    sys.modules.pop("shared_types", None)


def test_workers_of_one_folder_may_import_each_other() -> None:
    config, source = collab("from accounts import Default as Accounts")
    write("src/accounts.py", ACCOUNTS)
    other = write(
        "accounts.toml",
        'name = "accounts"\nmain = "src/accounts.py"\ncompatibility_date = "2026-01-01"\n'
        'compatibility_flags = ["python_workers"]\n',
    )
    FakeRuntime.from_config(written(config, source), also=[other])
