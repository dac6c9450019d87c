"""``FakeRuntime.from_config``: the Worker that a wrangler configuration makes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pyworkers_sdk import D1, KV, R2, Env, Queue
from pyworkers_sdk.testing import Clock, ConfigError, FakeRuntime, fake
from tests.worker_project import HEAD, PLAIN, app, refused, text, worker, write, written

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, so that errors say short paths."""
    monkeypatch.chdir(tmp_path)
    for name in ("LOAD_DEV_VARS_FROM_DOT_ENV", "INCLUDE_PROCESS_ENV"):
        monkeypatch.delenv(f"CLOUDFLARE_{name}", raising=False)
    return tmp_path


# Bindings ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_every_binding_is_made_and_shares_the_clock() -> None:
    config = {
        "kv_namespaces": [{"binding": "CACHE", "id": "1"}],
        "d1_databases": [{"binding": "DB", "database_id": "1"}],
        "r2_buckets": [{"binding": "FILES", "bucket_name": "files"}],
        "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}]},
    }
    clock = Clock(NOON)
    path = written(config, app("CACHE: KV", "DB: D1", "FILES: R2", "JOBS: Queue", "OFF: KV | None"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path, clock=clock)
    env = runtime.env
    assert [type(env.CACHE), type(env.DB), type(env.FILES), type(env.JOBS)] == [KV, D1, R2, Queue]
    assert env.OFF is None
    assert runtime.clock is clock
    await env.CACHE.put("k", "v", expiration_ttl=60)
    await env.FILES.put("k", b"v")
    assert (await env.FILES.head("k")).uploaded == NOON
    clock.advance(61)
    assert await env.CACHE.get("k") is None
    assert await env.DB.prepare("SELECT datetime() AS now").first("now") == "2026-01-02 12:01:01"
    assert await text(runtime, "OFF") == '"None"'


@pytest.mark.parametrize(
    ("config", "fields", "message"),
    [
        (
            {"kv_namespaces": [{"binding": "CACH"}]},
            ["CACHE: KV"],
            "wrangler.jsonc:4: kv_namespaces: missing binding CACHE for AppEnv.CACHE: KV;"
            " did you mean 'CACH'?",
        ),
        ({}, ["DB: D1"], "wrangler.jsonc:1: d1_databases: missing binding DB for AppEnv.DB: D1"),
        (
            {"kv_namespaces": [{"binding": "DB"}]},
            ["DB: D1 | None"],
            "wrangler.jsonc:5: kv_namespaces[0]: expected D1 for AppEnv.DB, got KV",
        ),
        (
            {"r2_buckets": [{"binding": "FILES"}]},
            ["FILES: str"],
            "wrangler.jsonc:5: r2_buckets[0]: expected str for AppEnv.FILES, got R2",
        ),
        (
            {"queues": {"producers": [{"binding": "JOBS"}]}},
            ["JOBS: KV", "DB: D1"],
            "wrangler.jsonc:6: queues.producers[0]: expected KV for AppEnv.JOBS, got Queue\n"
            "wrangler.jsonc:1: d1_databases: missing binding DB for AppEnv.DB: D1",
        ),
        (
            {"unsafe_hello_world": [{"binding": "WEB"}]},
            ["WEB: KV"],
            "wrangler.jsonc:5: unsafe_hello_world[0]: no fake exists for this binding; "
            "pass one: from_config(…, WEB=…)",
        ),
        (
            {"kv_namespaces": [{"binding": "A"}], "r2_buckets": [{"binding": "A"}]},
            ["A: KV"],
            "wrangler.jsonc:10: r2_buckets[0]: duplicate name A, also in kv_namespaces",
        ),
        (
            {"vars": {"A": 1}, "kv_namespaces": [{"binding": "A"}]},
            ["A: KV"],
            "wrangler.jsonc:8: kv_namespaces[0]: duplicate name A, also in vars",
        ),
    ],
)
def test_a_disagreement_of_env_and_configuration_is_reported(
    config: dict[str, Any], fields: list[str], message: str
) -> None:
    assert refused(config, app(*fields)) == message


def test_a_binding_class_of_the_user_is_reported_by_its_name() -> None:
    code = "\nclass Odd:\n    js_object = None\n" + app("ODD: Odd")
    message = refused({}, code)
    assert message == "wrangler.jsonc:1: missing binding ODD for AppEnv.ODD: Odd"
    message = refused({"kv_namespaces": [{"binding": "ODD"}]}, code)
    assert message == "wrangler.jsonc:5: kv_namespaces[0]: expected Odd for AppEnv.ODD, got KV"


def test_a_binding_without_a_fake_may_be_configured_if_unused() -> None:
    config = {"browser": {"binding": "WEB"}, "kv_namespaces": [{"binding": "MORE"}]}
    assert worker(config, app("NAME: str = 'x'")).env.NAME == "x"


@pytest.mark.asyncio
async def test_bindings_can_be_replaced_by_arguments() -> None:
    cache = fake(KV)
    await cache.put("k", "v")
    path = written({"browser": {"binding": "WEB"}}, app("CACHE: KV", "WEB: KV"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path, CACHE=cache, WEB=fake(KV))
    assert await runtime.env.CACHE.get("k") == "v"
    with pytest.raises(TypeError, match="AppEnv does not declare CASH"):
        FakeRuntime.from_config(path, CASH=cache)


@pytest.mark.asyncio
async def test_bindings_with_the_same_id_share_a_namespace() -> None:
    config = {
        "kv_namespaces": [
            {"binding": "A", "id": "1"},
            {"binding": "B", "id": "1"},
            {"binding": "C", "id": "2"},
        ],
        "d1_databases": [{"binding": "D", "database_id": "1"}],
    }
    env = worker(config, app("A: KV", "B: KV", "C: KV", "D: D1")).env
    await env.A.put("k", "v")
    assert [await env.B.get("k"), await env.C.get("k")] == ["v", None]


@pytest.mark.asyncio
async def test_runtimes_do_not_share_data() -> None:
    path = written({"kv_namespaces": [{"binding": "A", "id": "1"}]}, app("A: KV"))
    first: FakeRuntime[Any] = FakeRuntime.from_config(path)
    second: FakeRuntime[Any] = FakeRuntime.from_config(path)
    await first.env.A.put("k", "v")
    assert await second.env.A.get("k") is None


class OtherEnv(Env):
    CACHE: KV


@pytest.mark.asyncio
async def test_a_worker_without_an_env_accepts_one_as_argument() -> None:
    code = """
class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        await KV(self.env.CACHE).put("k", self.env.WORD)
        return Response("ok")
"""
    path = written({"vars": {"WORD": "w"}, "kv_namespaces": [{"binding": "CACHE"}]}, code)
    runtime = FakeRuntime.from_config(path, env=OtherEnv)
    await runtime.fetch("https://example.com/")
    assert await runtime.env.CACHE.get("k") == "w"
    bare: FakeRuntime[Any] = FakeRuntime.from_config(path, WORD="given")
    await bare.fetch("https://example.com/")
    assert await KV(bare.env.js_object.CACHE).get("k") == "given"


# D1's migrations ---------------------------------------------------------------------------------


def database(**settings: Any) -> dict[str, Any]:
    return {"d1_databases": [{"binding": "DB", "database_id": "1", **settings}]}


@pytest.mark.asyncio
async def test_migrations_are_applied_in_order_and_recorded() -> None:
    write("sql/0002_more.sql", "INSERT INTO t VALUES (2); -- the end\n")
    write("sql/0010_last.sql", "BEGIN TRANSACTION;\nINSERT INTO t VALUES (3);\nCOMMIT;")
    write("sql/1_first.sql", "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\n\n")
    write("sql/later.sql", "INSERT INTO t VALUES (4);")
    write("sql/notes.txt", "no SQL")
    path = written(database(migrations_dir="./sql"), app("DB: D1"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path, clock=Clock(NOON))
    db = runtime.env.DB
    assert await db.prepare("SELECT a FROM t").raw() == [(1,), (2,), (3,), (4,)]
    assert await db.prepare("SELECT * FROM d1_migrations").raw() == [
        (1, "1_first.sql", "2026-01-02 12:00:00"),
        (2, "0002_more.sql", "2026-01-02 12:00:00"),
        (3, "0010_last.sql", "2026-01-02 12:00:00"),
        (4, "later.sql", "2026-01-02 12:00:00"),
    ]


@pytest.mark.asyncio
async def test_migrations_have_a_folder_and_a_table_by_default() -> None:
    write("migrations/0001.sql", "CREATE TABLE t (a);")
    db = worker(database(migrations_table='my "table"'), app("DB: D1")).env.DB
    assert await db.prepare('SELECT name FROM "my ""table"""').raw() == [("0001.sql",)]


@pytest.mark.asyncio
async def test_migrations_can_be_in_folders() -> None:
    write("drizzle/0001_b/migration.sql", "INSERT INTO t VALUES (1);")
    write("drizzle/0000_a/migration.sql", "CREATE TABLE t (a);")
    write("drizzle/.old/migration.sql", "no SQL")
    pattern = database(migrations_dir="drizzle/", migrations_pattern="./drizzle/*/migration.sql")
    db = worker(pattern, app("DB: D1")).env.DB
    assert await db.prepare("SELECT name FROM d1_migrations").raw() == [
        ("0000_a/migration.sql",),
        ("0001_b/migration.sql",),
    ]


@pytest.mark.asyncio
async def test_two_workers_migrate_one_database_once() -> None:
    write("migrations/0001.sql", "CREATE TABLE t (a);")
    one = database()["d1_databases"]
    config = {"d1_databases": [*one, {**one[0], "binding": "SAME"}]}
    env = worker(config, app("DB: D1", "SAME: D1")).env
    assert len(await env.SAME.prepare("SELECT * FROM d1_migrations").raw()) == 1


def test_a_migration_that_fails_is_reported() -> None:
    write("migrations/0001.sql", "CREATE TABLE t (a);\nINSERT INTO u VALUES (1);")
    message = refused(database(migrations_dir="migrations"), app("DB: D1"))
    assert message == (
        "wrangler.jsonc:8: d1_databases[0].migrations_dir: 0001.sql: "
        "D1_ERROR: no such table: u: SQLITE_ERROR"
    )


def test_a_missing_migrations_folder_is_reported() -> None:
    assert worker(database()).env is not None
    assert refused(database(migrations_dir="sql")) == (
        "wrangler.jsonc:8: d1_databases[0].migrations_dir: missing folder sql"
    )
    write("sql/a.sql", "")
    assert refused(database(migrations_dir="sql", migrations_pattern="*.sql")) == (
        "wrangler.jsonc:9: d1_databases[0].migrations_pattern: "
        "expected a pattern that begins with sql/, got *.sql"
    )


# Queues ------------------------------------------------------------------------------------------

CONSUMER = """
came = []

class AppEnv(Env):
    JOBS: Queue
    SAME: Queue
    OUT: Queue

class Default(WorkerEntrypoint[AppEnv]):
    async def queue(self, batch: MessageBatch) -> None:
        for message in batch:
            came.append((batch.queue, message.body, message.attempts))
            if message.body == "fail" and batch.queue != "dead":
                message.retry()
"""


def came(runtime: FakeRuntime[Any]) -> list[Any]:
    found: list[Any] = sys.modules[runtime.entrypoint.__module__].__dict__["came"]
    return found


@pytest.mark.asyncio
async def test_queues_have_the_consumers_of_the_file() -> None:
    producers = [
        {"binding": "JOBS", "queue": "jobs-prod"},
        {"binding": "SAME", "queue": "jobs-prod"},
        {"binding": "OUT", "queue": "out", "delivery_delay": 9},
    ]
    consumer = {"max_batch_size": 2, "max_batch_timeout": 30, "max_retries": 1, "retry_delay": 7}
    consumers = [
        {"queue": "jobs-prod", **consumer, "dead_letter_queue": "dead"},
        {"queue": "dead", "max_batch_timeout": 0},
    ]
    path = written({"queues": {"producers": producers, "consumers": consumers}}, CONSUMER)
    rt: FakeRuntime[Any] = FakeRuntime.from_config(path, fresh=True)
    await rt.env.JOBS.send("fail")
    await rt.env.OUT.send("for another Worker")
    assert await rt.drain() == []
    await rt.env.SAME.send("b")
    await rt.drain()
    assert came(rt) == [("jobs-prod", "fail", 1), ("jobs-prod", "b", 1)]
    rt.clock.advance(7)
    assert await rt.drain() == []
    rt.clock.advance(30)
    await rt.drain()
    assert came(rt)[2:] == [("jobs-prod", "fail", 2), ("dead", "fail", 1)]
    rt.clock.advance(3600)
    assert await rt.drain() == []
    assert (await rt.env.OUT.metrics()).backlog_count == 1


@pytest.mark.asyncio
async def test_a_producer_delay_applies_to_messages_without_a_delay() -> None:
    queues = {
        "producers": [
            {"binding": "JOBS", "queue": "jobs"},
            {"binding": "SAME", "queue": "jobs", "delivery_delay": 3},
            {"binding": "OUT"},
        ],
        "consumers": [{"queue": "jobs", "max_batch_timeout": 0}],
    }
    rt: FakeRuntime[Any] = FakeRuntime.from_config(
        written({"queues": queues}, CONSUMER), fresh=True
    )
    for queue in (rt.env.SAME, rt.env.JOBS):
        await queue.send("none")
        await queue.send("zero", delay_seconds=0)
        await queue.send_batch(["one", "one"], delay_seconds=1)
        await queue.send_batch(["none"])
    seconds: list[list[str]] = []
    for _ in range(4):
        before = len(came(rt))
        await rt.drain()
        seconds.append([body for _, body, _ in came(rt)[before:]])
        rt.clock.advance(1)
    assert seconds == [["zero"] * 2, ["one"] * 4, [], ["none"] * 4]


def test_invalid_queue_settings_are_reported() -> None:
    queues = {"producers": [], "consumers": [{"queue": "jobs"}]}
    assert refused({"queues": queues}) == (
        "wrangler.jsonc:7: queues.consumers[0]: Default in src/entry.py has no queue handler"
    )
    producers = [
        {"binding": "A", "queue": "jobs", "delivery_delay": 3},
        {"binding": "B", "queue": "jobs", "delivery_delay": 4},
    ]
    assert refused({"queues": {"producers": producers}}) == (
        "wrangler.jsonc:14: queues.producers[1].delivery_delay: expected 3, which another producer "
        "of jobs specifies, got 4"
    )


# The main module ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "code", "message"),
    [
        ({"main": "src/entyr.py"}, PLAIN, "wrangler.jsonc:3: main: missing file src/entyr.py"),
        ({"main": "a.js"}, PLAIN, "wrangler.jsonc:3: main: expected a Python module, got a.js"),
        ({"main": None}, PLAIN, "wrangler.jsonc:3: main: expected a string, got null"),
        (
            {},
            "x = 1",
            "wrangler.jsonc:3: main: src/entry.py: expected a class Default(WorkerEntrypoint)",
        ),
        (
            {},
            "class Api(WorkerEntrypoint): pass\nclass _Own(WorkerEntrypoint): pass\nDefault = 1",
            "wrangler.jsonc:3: main: src/entry.py: expected a class Default(WorkerEntrypoint); "
            "it exports Api",
        ),
        (
            {},
            PLAIN + "__all__ = []",
            "wrangler.jsonc:3: main: src/entry.py: expected a class Default(WorkerEntrypoint)",
        ),
        (
            {"durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]}},
            PLAIN + "class Rooms(WorkerEntrypoint): pass",
            "wrangler.jsonc:8: durable_objects.bindings[0].class_name: "
            "app does not export Room; it exports Rooms; did you mean 'Rooms'?",
        ),
        (
            {"workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}]},
            PLAIN,
            "wrangler.jsonc:8: workflows[0].class_name: app does not export Flow",
        ),
        (
            {"services": [{"binding": "ME", "service": "app", "entrypoint": "Admin"}]},
            PLAIN,
            "wrangler.jsonc:8: services[0].entrypoint: app does not export Admin",
        ),
    ],
)
def test_a_main_module_without_the_configured_names_is_reported(
    config: dict[str, Any], code: str, message: str
) -> None:
    assert refused(config, code) == message


@pytest.mark.asyncio
async def test_workers_with_modules_of_the_same_names_are_separate() -> None:
    code = """
import json
import os.path
import words.nouns
from words import nouns, verbs

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        import late
        from words.nouns import NOUN
        assert words.nouns is nouns
        return Response.json([NOUN, verbs.VERB, late.NOUN, json.dumps(len([1]))])
"""
    before, modules = [*sys.path], {*sys.modules}
    runtimes = []
    for name in ("a", "b"):
        write(f"{name}/src/words/__init__.py", "")
        write(f"{name}/src/words/nouns.py", f"from . import verbs\nNOUN = '{name}'")
        write(f"{name}/src/words/verbs.py", f"VERB = 'to {name}'")
        write(f"{name}/src/late.py", "from words.nouns import NOUN")
        runtimes.append(worker({"name": name}, code, folder=name))
    assert await text(runtimes[0]) == '["a","to a","a","1"]'
    assert await text(runtimes[1]) == '["b","to b","b","1"]'
    assert sys.path == before
    assert not {"entry", "words", "late"} & ({*sys.modules} - modules)


def test_a_module_is_imported_once_unless_fresh() -> None:
    path = written({}, PLAIN + "\nimport helper")
    write("src/helper.py", "")
    first: FakeRuntime[Any] = FakeRuntime.from_config(path)
    again: FakeRuntime[Any] = FakeRuntime.from_config(path)
    fresh: FakeRuntime[Any] = FakeRuntime.from_config(path, fresh=True)
    assert first.entrypoint is again.entrypoint
    assert first.entrypoint is not fresh.entrypoint
    modules = [sys.modules[one.entrypoint.__module__] for one in (first, fresh)]
    assert modules[0].helper is not modules[1].helper


def test_a_module_on_sys_path_is_shared_with_the_tests(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written({"main": "src/public_entry.py"})
    write("src/public_entry.py", HEAD + PLAIN)
    monkeypatch.syspath_prepend(str(here / "src"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path)
    assert runtime.entrypoint.__module__ == "public_entry"
    assert sys.modules["public_entry"].__dict__["Default"] is runtime.entrypoint


def test_a_module_name_in_use_elsewhere_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = ModuleType("made_up_entry")
    monkeypatch.setitem(sys.modules, "made_up_entry", made_up)
    write("src/made_up_entry.py", HEAD + PLAIN)
    runtime = worker({"main": "src/made_up_entry.py"})
    assert runtime.entrypoint.__module__.endswith(".made_up_entry")
    assert sys.modules["made_up_entry"] is made_up


def test_a_module_beside_a_name_in_use_elsewhere_is_private(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("other/neighbour.py", "")
    path = written({"main": "src/shared_entry.py"})
    write("src/shared_entry.py", HEAD + PLAIN + "\nimport neighbour\nWHERE = neighbour.__file__")
    write("src/neighbour.py", "")
    monkeypatch.syspath_prepend(str(here / "src"))
    monkeypatch.syspath_prepend(str(here / "other"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path)
    module = sys.modules[runtime.entrypoint.__module__]
    assert Path(module.__dict__["WHERE"]) == here / "src/neighbour.py"


def test_vendored_packages_come_after_installed_packages(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    write("python_modules/vendored_here/__init__.py", "NAME = 'vendored'")
    write("python_modules/pytest/__init__.py", "raise AssertionError")
    write("python_modules/pyworkers_sdk/__init__.py", "raise AssertionError")
    runtime = worker({}, PLAIN + "\nimport pytest, vendored_here\nfrom pyworkers_sdk import D1")
    module = sys.modules[runtime.entrypoint.__module__]
    assert module.__dict__["vendored_here"].NAME == "vendored"
    assert module.__dict__["D1"] is D1


def test_imports_of_private_modules_work_as_in_the_runtime() -> None:
    write("src/json/data.txt", "no package, so the standard library's comes first")
    write("src/colorsys.py", "HERE = True")
    write("src/no_init/inside.py", "HERE = True")
    code = (
        "\nimport json, colorsys\nfrom no_init import inside\nassert json.dumps and colorsys.HERE"
    )
    runtime = worker({}, PLAIN + code)
    assert runtime.entrypoint.__name__ == "Default"
    with pytest.raises(ImportError, match="attempted relative import with no known parent package"):
        worker({}, PLAIN + "\nfrom . import colorsys", folder="b")
    with pytest.raises(NameError, match="name 'nothing' is not defined"):
        worker({}, PLAIN + "\nnothing", folder="c")
    with pytest.raises(ModuleNotFoundError, match="No module named 'not_there'"):
        worker({}, PLAIN + "\nimport not_there", folder="d")


def test_a_module_that_fails_to_import_can_be_imported_again() -> None:
    modules, finders = {*sys.modules}, [*sys.meta_path]
    write("src/helper_that_works.py", "")
    with pytest.raises(LookupError, match="at import"):
        worker({}, "import helper_that_works\nraise LookupError('at import')")
    assert {*sys.modules} == modules
    assert sys.meta_path == finders


# Several Workers ---------------------------------------------------------------------------------

SENDER = """
class AppEnv(Env):
    JOBS: Queue
    STORE: KV

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        await self.env.JOBS.send(request.url)
        return Response("sent")
"""
TAKER = """
class AppEnv(Env):
    STORE: KV
    WORD: str

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        return Response(self.env.WORD)

    async def queue(self, batch: MessageBatch) -> None:
        for message in batch:
            await self.env.STORE.put("seen", message.body)
"""


def two(**taker: Any) -> tuple[str, str]:
    store = {"kv_namespaces": [{"binding": "STORE", "id": "store"}]}
    producers = {"producers": [{"binding": "JOBS", "queue": "jobs"}]}
    staging = {"env": {"staging": {**store, "queues": producers}}}
    sender = {"name": "sender", "queues": producers, **store, **staging}
    consumers = {"consumers": [{"queue": "jobs", "max_batch_timeout": 1}]}
    word = {"vars": {"WORD": "w"}}
    return (
        written(sender, SENDER, folder="sender"),
        written(
            {"name": "taker", "queues": consumers, **store, **word, **taker}, TAKER, folder="t"
        ),
    )


@pytest.mark.parametrize("environment", [None, "staging"])
@pytest.mark.asyncio
async def test_workers_share_queues_namespaces_a_clock_and_a_drain(environment: str | None) -> None:
    sender, taker = two()
    rt: FakeRuntime[Any] = FakeRuntime.from_config(sender, also=[taker], environment=environment)
    name = "taker" if environment is None else "taker-staging"
    assert [*rt.workers] == [name]
    assert await text(rt.workers[name]) == "w"
    await text(rt, "a")
    assert await rt.drain() == []
    rt.clock.advance(1)
    (batch,) = await rt.drain()
    assert batch.queue == "jobs"
    assert await rt.env.STORE.get("seen") == "https://example.com/a"
    assert rt.workers[name].clock is rt.clock


def test_workers_with_the_same_name_are_refused() -> None:
    sender, taker = two(name="sender")
    with pytest.raises(
        ConfigError, match=r"^t/wrangler.jsonc:2: name: another Worker is also named sen"
    ):
        FakeRuntime.from_config(sender, also=[taker])


def test_an_environment_unknown_to_another_worker_is_reported() -> None:
    sender, taker = two(env={"live": {}})
    message = r"^t/wrangler.jsonc:\d+: env: unknown environment 'staging'$"
    with pytest.raises(ConfigError, match=message):
        FakeRuntime.from_config(sender, also=[taker], environment="staging")


# Code that bindings run --------------------------------------------------------------------------

RUNNING = """
from pyworkers_sdk import (
    DurableObject, DurableObjectNamespace, Service, Workflow, WorkflowEntrypoint
)

class AppEnv(Env):
    ROOMS: DurableObjectNamespace["Room"]
    FLOW: Workflow
    ADMIN: Service
    OTHER: Service

class Room(DurableObject):
    async def kind(self) -> str:
        try:
            self.ctx.storage.sql.exec("SELECT 1")
        except Exception as error:
            return "no SQL"
        return "SQL"

class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        return "done"

class Admin(WorkerEntrypoint):
    async def whoami(self) -> dict:
        return {"props": self.ctx.props}

class Default(WorkerEntrypoint[AppEnv]):
    async def hello(self) -> str:
        return "hello"
"""
SQLITE = [{"tag": "v1", "new_classes": ["Old"], "new_sqlite_classes": ["First"]}]


def running(**more: Any) -> dict[str, Any]:
    return {
        "durable_objects": {"bindings": [{"name": "ROOMS", "class_name": "Room"}]},
        "workflows": [{"binding": "FLOW", "name": "flow", "class_name": "Flow"}],
        "services": [
            {"binding": "ADMIN", "service": "app", "entrypoint": "Admin", "props": {"a": 1}},
            {"binding": "OTHER", "service": "app"},
        ],
        **more,
    }


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}]}, "SQL"),
        ({"migrations": [{"tag": "v1", "new_classes": ["Room"]}]}, "no SQL"),
        (
            {
                "migrations": [
                    *SQLITE,
                    {"tag": "v2", "renamed_classes": [{"from": "First", "to": "Room"}]},
                    {"tag": "v3", "deleted_classes": ["Old"]},
                ]
            },
            "SQL",
        ),
        (
            {
                "migrations": [
                    {"tag": "v1", "new_sqlite_classes": ["Room"]},
                    {"tag": "v2", "deleted_classes": ["Room"], "new_classes": ["Room"]},
                ]
            },
            "no SQL",
        ),
        ({"exports": {"Room": {"type": "durable-object", "storage": "sqlite"}}}, "SQL"),
        ({"exports": {"Default": {"type": "worker"}}}, "no SQL"),
    ],
)
@pytest.mark.asyncio
async def test_durable_objects_have_the_configured_class_and_storage(
    more: dict[str, Any], kind: str
) -> None:
    env = worker(running(**more), RUNNING).env
    assert await env.ROOMS.get_by_name("a").kind() == kind


@pytest.mark.asyncio
async def test_services_and_workflows_have_the_configured_classes() -> None:
    rt = worker(running(), RUNNING)
    assert await rt.env.ADMIN.whoami() == {"props": {"a": 1}}
    assert await rt.env.OTHER.hello() == "hello"
    instance = await rt.env.FLOW.create()
    await rt.drain()
    assert (await instance.status()).output == "done"


ABROAD = """
from pyworkers_sdk import DurableObjectNamespace, Service, Workflow

class AppEnv(Env):
    ROOMS: DurableObjectNamespace["Room"]
    FLOW: Workflow
    ADMIN: Service

class Default(WorkerEntrypoint[AppEnv]):
    pass
"""


def abroad() -> str:
    return written(
        {
            "name": "caller",
            "durable_objects": {
                "bindings": [{"name": "ROOMS", "class_name": "Room", "script_name": "app"}]
            },
            "workflows": [
                {"binding": "FLOW", "name": "flow", "class_name": "Flow", "script_name": "app"}
            ],
            "services": [{"binding": "ADMIN", "service": "app", "entrypoint": "Admin"}],
        },
        ABROAD,
        folder="caller",
    )


@pytest.mark.asyncio
async def test_bindings_can_lead_to_other_workers() -> None:
    other = written(running(migrations=[{"tag": "v1", "new_sqlite_classes": ["Room"]}]), RUNNING)
    rt: FakeRuntime[Any] = FakeRuntime.from_config(abroad(), also=[other])
    assert await rt.env.ROOMS.get_by_name("a").kind() == "SQL"
    assert await rt.env.ADMIN.whoami() == {"props": {}}
    instance = await rt.env.FLOW.create(id="one")
    await rt.drain()
    there = await rt.workers["app"].env.FLOW.get("one")
    assert (await there.status()).output == (await instance.status()).output == "done"


@pytest.mark.asyncio
async def test_a_binding_to_an_unknown_worker_is_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        FakeRuntime.from_config(abroad())
    assert str(caught.value) == (
        "caller/wrangler.jsonc:6: durable_objects.bindings[0]: unknown Worker app;"
        " add its configuration to also=[…], or pass ROOMS=…"
    )


@pytest.mark.asyncio
async def test_assets_serve_the_configured_folder() -> None:
    code = """
from pyworkers_sdk import Fetcher

class AppEnv(Env):
    ASSETS: Fetcher

class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        return await self.env.ASSETS.fetch(request)
"""
    config = {"assets": {"binding": "ASSETS", "directory": "./public"}}
    assert refused(config, code) == ("wrangler.jsonc:6: assets.directory: missing folder ./public")
    write("public/page.html", "<p>page</p>")
    assert await text(worker(config, code), "page") == "<p>page</p>"
    assert refused({"assets": {"binding": "ASSETS"}}, code) == (
        "wrangler.jsonc:4: assets: no fake exists for this binding; "
        "pass one: from_config(…, ASSETS=…)"
    )
    assert refused({}, code) == (
        "wrangler.jsonc:1: services: missing binding ASSETS for AppEnv.ASSETS: Fetcher"
    )


class Stand:
    async def whoami(self) -> str:
        return "a stand-in"


@pytest.mark.asyncio
async def test_any_object_can_replace_a_service() -> None:
    config = {"services": [{"binding": "ADMIN", "service": "elsewhere"}]}
    code = """
from pyworkers_sdk import Service

class AppEnv(Env):
    ADMIN: Service

class Default(WorkerEntrypoint[AppEnv]):
    pass
"""
    with pytest.raises(
        ConfigError, match="unknown Worker elsewhere; add its configuration to also="
    ):
        worker(config, code)
    rt: FakeRuntime[Any] = FakeRuntime.from_config(written(config, code), ADMIN=Stand())
    assert await rt.env.ADMIN.whoami() == "a stand-in"


@pytest.mark.asyncio
async def test_functions_of_a_main_module_are_a_worker() -> None:
    code = """
from pyworkers_sdk import handler

@handler
async def on_fetch(request, env, ctx):
    return Response(env.WORD)
"""
    assert await text(worker({"vars": {"WORD": "w"}}, code)) == "w"


# Cost of import ----------------------------------------------------------------------------------


def test_pydantic_is_not_loaded_for_a_configuration() -> None:
    path = Path(written()).resolve()
    code = (
        "import sys, pyworkers_sdk.testing as t; "
        f"t.FakeRuntime.from_config({str(path)!r}); print('pydantic' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert printed.stdout == "False\n"


def test_testing_package_lists_its_public_names() -> None:
    from pyworkers_sdk import testing

    assert {*testing.__all__} <= {*dir(testing)}
    with pytest.raises(AttributeError, match=r"'pyworkers_sdk.testing' has no attribute 'Nope'"):
        _ = testing.Nope


TWO_APPLICATIONS = """
from typing import Any
from pyworkers_sdk import Env, Fetcher, asgi, wsgi

class AppEnv(Env):
    ADMIN: Fetcher

async def app(scope, receive, send):
    assert scope["type"] == "http"
    answer = await (await scope["env"].ADMIN.fetch("https://e.com/")).text()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": answer.encode()})

async def admin_asgi(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"admin of asgi"})

def admin_wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"admin of wsgi"]

Default = asgi.entrypoint(app, AppEnv)
"""


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
async def test_second_application_is_an_entrypoint_of_its_own_name(kind: str) -> None:
    code = f'{TWO_APPLICATIONS}\nAdmin = {kind}.entrypoint(admin_{kind}, name="Admin")\n'
    services = [{"binding": "ADMIN", "service": "app", "entrypoint": "Admin"}]
    runtime = worker({"services": services}, code)
    assert await (await runtime.fetch("https://e.com/")).text() == f"admin of {kind}"


# SQL of a migration, and whether wrangler 4.164 takes it: the INSERT that records the migration
# follows as text.
MIGRATION_TEXTS = {
    "": True,
    "-- nothing": True,
    "CREATE TABLE t (a);": True,
    "CREATE TABLE t (a); -- end\n": True,
    "CREATE TABLE t (a);;\n;": True,
    "\ufeffCREATE TABLE t (a);": True,
    "CREATE TABLE t (a, b)": False,
    "CREATE TABLE t (a) -- end": False,
    "CREATE TABLE t (a); CREATE TABLE u (a)": False,
    "CREATE TABLE t (a);\nCREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;": True,
    "CREATE TABLE t (a);\nCREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END": False,
    "CREATE TABLE t (a DEFAULT ';'); INSERT INTO t VALUES ('it''s; -- /*');": True,
    "CREATE TABLE t (a); /* a comment; */ INSERT INTO t VALUES (1);": True,
    "CREATE TABLE t (a); /* no end": True,  # and does not record it
    "BEGIN TRANSACTION; CREATE TABLE t (a); COMMIT;": True,
    "BEGIN TRANSACTION; COMMIT; BEGIN TRANSACTION; COMMIT;": False,
    "BEGIN; CREATE TABLE t (a); COMMIT;": False,
}


@pytest.mark.parametrize("sql", MIGRATION_TEXTS)
def test_migration_text_is_taken_as_by_wrangler(sql: str) -> None:
    write("migrations/0001.sql", sql)
    if MIGRATION_TEXTS[sql]:
        worker(database())
    else:
        assert "0001.sql: " in refused(database())
