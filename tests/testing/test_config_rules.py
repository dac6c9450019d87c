"""Configurations that wrangler or the service refuses, and settings that choose a version.

Each was seen with wrangler 4.164, or with workerd for compatibility dates and flags.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import FakeRuntime
from pyworkers_sdk.testing.config.config import Config
from tests.worker_project import COMPATIBLE, PLAIN, app, refused, text, worker, write, written

OBJECTS = PLAIN + "\nfrom pyworkers_sdk import DurableObject, WorkflowEntrypoint\n"
ROOM = OBJECTS + "class Room(DurableObject): pass\nclass Flow(WorkflowEntrypoint): pass\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("LOAD_DEV_VARS_FROM_DOT_ENV", "INCLUDE_PROCESS_ENV", "ENV"):
        monkeypatch.delenv(f"CLOUDFLARE_{name}", raising=False)
    return tmp_path


# Names and tables --------------------------------------------------------------------------------

CONSUMER = {"queue": "jobs"}
RATE = {"name": "A", "namespace_id": "1"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "My Worker!"}, 'name: expected lowercase letters, digits, "-" and "_"'),
    ({"name": "-a"}, "name: expected lowercase letters"),
    ({"name": "é"}, "name: expected lowercase letters"),
    ({"name": None}, "name: expected a string, got null"),
    ({"vars": None}, "vars: expected an object, got null"),
    ({"vars": ["a"]}, "vars: expected an object, got a list"),
    ({"triggers": {"crons": None}}, "triggers.crons: expected a list, got null"),
    ({"compatibility_date": "2026-7-1"}, "compatibility_date: expected a date like 2026-01-31"),
    ({"compatibility_date": ""}, "compatibility_date: expected a date like 2026-01-31"),
    ({"compatibility_date": "2026-02-30"}, "compatibility_date: expected a date like"),
    (
        {"compatibility_flags": ["python_workers"] * 2},
        "compatibility_flags: expected each flag once",
    ),
    (
        {"compatibility_flags": ["python_workers", "a", "no_a"]},
        "compatibility_flags: expected no flag with its opposite",
    ),
    ({"kv_namespaces": [{"binding": "A", "id": ""}]}, "kv_namespaces[0].id: expected a text"),
    ({"kv_namespaces": [{"id": "1"}]}, "kv_namespaces[0].binding: missing"),
    ({"kv_namespaces": ["A"]}, "kv_namespaces[0]: expected an object, got a string"),
    ({"queues": {"producers": [{"binding": "A", "queue": ""}]}}, "queues.producers[0].queue"),
    ({"queues": {"consumers": [{**CONSUMER, "type": "http_pull"}]}}, 'type: expected "worker"'),
    ({"queues": {"consumers": [{**CONSUMER, "max_batch_size": "3"}]}}, "expected an integer"),
    (
        {"queues": {"consumers": [{**CONSUMER, "max_retries": None}]}},
        "expected an integer, got null",
    ),
    ({"workflows": [{"binding": "A", "name": "a b", "class_name": "F"}]}, "workflows[0].name"),
    ({"workflows": [{"binding": "A", "name": "a" * 65, "class_name": "F"}]}, "workflows[0].name"),
    ({"workflows": [{"binding": "A", "name": "a", "class_name": ""}]}, "workflows[0].class_name"),
    (
        {"workflows": [{"binding": each, "name": "a", "class_name": "F"} for each in "AB"]},
        "workflows: expected each Workflow once, got a more than once",
    ),
    ({"ratelimits": [{**RATE, "simple": {"limit": 1, "period": 30}}]}, "expected 10 or 60, got 30"),
    ({"ratelimits": [{**RATE}]}, "ratelimits[0].simple: missing"),
    ({"hyperdrive": [{"binding": "A"}]}, "hyperdrive[0].id: missing"),
    ({"vectorize": [{"binding": "A"}]}, "vectorize[0].index_name: missing"),
    ({"pipelines": [{"binding": "A"}]}, "pipelines[0].stream: missing"),
    ({"mtls_certificates": [{"binding": "A", "certificate_id": ""}]}, "certificate_id: expected"),
    ({"vpc_services": [{"binding": "A"}]}, "vpc_services[0].service_id: missing"),
    ({"vpc_networks": [{"binding": "A"}]}, "expected one of tunnel_id and network_id"),
    (
        {"vpc_networks": [{"binding": "A", "tunnel_id": "a", "network_id": "b"}]},
        "vpc_networks[0]: expected one of tunnel_id and network_id",
    ),
    (
        {
            "send_email": [
                {"name": "A", "destination_address": "a@b", "allowed_destination_addresses": []}
            ]
        },
        "expected one of it and allowed_destination_addresses",
    ),
    (
        {"durable_objects": {"bindings": [{"name": "A", "class_name": "R", "environment": "e"}]}},
        "durable_objects.bindings[0].environment: expected script_name beside it",
    ),
    ({"rules": [{"type": "PythonModule", "globs": ["*.py"]}]}, "rules[0].type: expected"),
    ({"routes": [{"pattern": "a", "zone_id": "b", "zone_name": "c"}]}, "one of it and zone_name"),
    ({"routes": [{"pattern": "a"}]}, "expected zone_id, zone_name or custom_domain"),
    ({"route": "a", "routes": ["b"]}, "route: expected one of it and routes"),
    ({"placement": {"hint": "a", "mode": "off"}}, 'hint: expected the mode "smart" beside it'),
    ({"placement": {"mode": "targeted"}}, "expected region, host or hostname"),
    ({"observability": {"head_sampling_rate": 0.5}}, "observability.enabled: missing"),
    ({"observability": {"enabled": True, "head_sampling_rate": 2}}, "expected 0 to 1, got 2"),
    ({"connect": [{"protocol": "tcp", "port": 0}]}, "connect[0].port: expected 1 to 65535"),
    ({"cache": {}}, "cache.enabled: missing"),
    ({"compliance_region": "moon"}, 'expected "public" or "fedramp_high"'),
    ({"legacy_env": True}, "legacy_env: unknown key"),
    ({"node_compat": True}, "node_compat: unknown key"),
    ({"env": {"staging": {"name": "A"}}}, "env.staging.name: expected lowercase letters"),
]


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_configuration_that_wrangler_refuses_is_refused(
    config: dict[str, Any], message: str
) -> None:
    assert message in refused(config)


@pytest.mark.parametrize("name", ["My_Bucket", "ab", "-abc", "abc-", "a" * 64, "a.b", ""])
def test_bucket_name_that_r2_refuses_is_refused(name: str) -> None:
    for key in ("bucket_name", "preview_bucket_name"):
        message = refused({"r2_buckets": [{"binding": "A", key: name}]})
        assert f"r2_buckets[0].{key}: expected 3 to 63 lowercase letters" in message


ACCEPTED: list[dict[str, Any]] = [
    {"name": "_a-9"},
    {"name": "a" * 300},
    {"limits": None, "triggers": None, "migrations": None, "exports": None, "env": None},
    {"rules": None, "tail_consumers": None, "dev": None, "build": None},
    {"vars": {"A": None, "B": []}},
    {"r2_buckets": [{"binding": "A"}, {"binding": "B", "bucket_name": "a-1"}]},
    {"placement": {"region": "aws:us-east-1"}},
    {"routes": [{"pattern": "a", "zone_id": "b"}, "c"]},
    {"observability": {"traces": {"enabled": True}}},
    {"services": [{"binding": "A", "service": "b", "dev": {"plugin": {}}}]},
    {"dispatch_namespaces": [{"binding": "A", "namespace": "n"}]},
    {"unsafe": {"bindings": [{"name": "A", "type": "b", "anything": 1}]}},
]


@pytest.mark.parametrize("config", ACCEPTED)
def test_configuration_that_wrangler_takes_is_taken(config: dict[str, Any]) -> None:
    worker(config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"vars": {"A": 1}, "kv_namespaces": [{"binding": "A"}]}, "duplicate name A, also in vars"),
        ({"secrets": {"required": ["A"]}, "vars": {"A": 1}}, "duplicate name A, also in vars"),
        (
            {"secrets": {"required": ["A"]}, "r2_buckets": [{"binding": "A"}]},
            "duplicate name A, also in secrets.required",
        ),
        (
            {"kv_namespaces": [{"binding": "A"}, {"binding": "A"}]},
            "kv_namespaces[1]: duplicate name A, also in kv_namespaces",
        ),
        (
            {"send_email": [{"name": "A"}], "ai": {"binding": "A"}},
            "duplicate name A, also in ai",
        ),
    ],
)
def test_name_of_two_bindings_is_refused(config: dict[str, Any], message: str) -> None:
    assert message in refused(config)


# The flag and the date ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "flags", "version"),
    [
        ("2024-01-01", [], ("3.12", "0.26")),
        ("2025-09-28", [], ("3.12", "0.26")),
        ("2025-09-29", [], ("3.13", "0.28.2")),
        ("2025-01-01", ["python_workers_20250116"], ("3.13", "0.28.2")),
        ("2026-09-07", [], ("3.13", "0.28.2")),
        ("2026-09-08", [], ("3.14", "314")),
        ("2026-01-01", ["python_workers_314"], ("3.14", "314")),
        ("2026-01-01", ["python_workers_20260610"], ("3.14", "314")),
        ("2026-09-08", ["no_python_workers_314"], ("3.13", "0.28.2")),
        (
            "2026-09-08",
            ["no_python_workers_314", "no_python_workers_20250116"],
            ("3.12", "0.26"),
        ),
    ],
)
def test_date_and_flags_choose_the_python(
    date: str, flags: list[str], version: tuple[str, str]
) -> None:
    config = {"compatibility_date": date, "compatibility_flags": ["python_workers", *flags]}
    path = written(config)
    assert Config(Path(path)).python()[:2] == version
    assert FakeRuntime.from_config(path).python_version == version[0]


def test_configuration_without_the_flag_says_what_to_add() -> None:
    assert refused({"compatibility_flags": []}) == (
        'wrangler.jsonc:4: compatibility_flags: missing "python_workers", which every Python '
        'Worker needs; add "compatibility_flags": ["python_workers"]'
    )
    assert refused({"compatibility_flags": ["nodejs_compat"]}).endswith(
        'add "python_workers" to the list'
    )
    write("src/entry.py", PLAIN)
    path = write("wrangler.toml", 'main = "src/entry.py"\ncompatibility_date = "2026-01-01"\n')
    with pytest.raises(ValueError, match=r'add compatibility_flags = \["python_workers"\]$'):
        FakeRuntime.from_config(path)


def test_configuration_without_a_date_says_what_to_add() -> None:
    config = '{"main": "src/entry.py", "compatibility_flags": ["python_workers"]}'
    assert refused(config) == (
        'wrangler.jsonc:1: compatibility_date: missing; add "compatibility_date": "2026-09-08" for '
        "Python 3.14, or another date"
    )


def test_environment_has_its_own_flags() -> None:
    flags = {"staging": {"compatibility_flags": ["nodejs_compat"]}}
    assert "env.staging.compatibility_flags: missing" in refused(
        {"env": flags}, environment="staging"
    )


# The environment ---------------------------------------------------------------------------------

STAGES = {"vars": {"A": "top"}, "env": {"staging": {"vars": {"A": "staging"}}, "live": {}}}


def a(path: str, **options: Any) -> Any:
    return getattr(FakeRuntime.from_config(path, **options).env.js_object, "A", None)


def test_cloudflare_env_chooses_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(STAGES)
    monkeypatch.setenv("CLOUDFLARE_ENV", "staging")
    assert a(path) == "staging"
    assert a(path, environment="live") is None
    assert a(path, environment="") == "top"
    write(".dev.vars.staging", "A=secret")
    assert a(path) == "secret"
    assert Config(Path(path)).name == "app-staging"


def test_cloudflare_env_of_a_dot_env_file_chooses_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = written(STAGES)
    write(".env", "CLOUDFLARE_ENV=live\n")
    write(".env.local", "CLOUDFLARE_ENV=staging\n")
    assert a(path) == "staging"
    monkeypatch.setenv("CLOUDFLARE_ENV", "live")
    assert a(path) is None


def test_cloudflare_env_without_an_environment_is_the_top_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ENV", "staging")
    assert a(written({"vars": {"A": "top"}})) == "top"  # wrangler only warns
    assert "unknown environment 'staging'" in refused({"env": {"live": {}}})


@pytest.mark.asyncio
async def test_cloudflare_env_counts_for_each_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    other = written({**STAGES, "name": "other"}, app("A: str"), folder="other")
    path = written(STAGES)
    monkeypatch.setenv("CLOUDFLARE_ENV", "staging")
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path, also=[other])
    assert await text(runtime.workers["other-staging"], "A") == "\"'staging'\""


# Secrets and classes -----------------------------------------------------------------------------


def test_required_secret_without_a_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"secrets": {"required": ["KEY", "TOKEN"]}}
    write(".dev.vars", "KEY=k\nOTHER=o")
    message = "secrets.required[1]: missing secret TOKEN; put it into .dev.vars or .env"
    assert message in refused(config)
    path = written(config)
    env = FakeRuntime.from_config(path, TOKEN="t").env.js_object
    assert (env.KEY, env.TOKEN, hasattr(env, "OTHER")) == ("k", "t", False)
    monkeypatch.setenv("TOKEN", "of the process")
    assert message in refused(config)  # .dev.vars comes in place of the process and .env
    Path(".dev.vars").unlink()
    write(".env", "KEY=k")
    env = FakeRuntime.from_config(path).env.js_object
    assert (env.KEY, env.TOKEN) == ("k", "of the process")


@pytest.mark.parametrize(
    ("exports", "message"),
    [
        (
            {"Rom": {"type": "durable-object", "storage": "sqlite"}},
            "exports.Rom: app does not export Rom; it exports Flow, Room; did you mean 'Room'?",
        ),
        ({"Api": {"type": "worker"}}, "exports.Api: app does not export Api"),
        ({"Flows": {"type": "workflow", "name": "f"}}, "exports.Flows: app does not export Flows"),
        ({"Room": {"type": "durable-object"}}, "exports.Room.storage: missing"),
        ({"Room": {"type": "durable-object", "storage": "kv"}}, 'expected "sqlite" or "legacy-kv"'),
        ({"Room": {"type": "room"}}, 'expected "durable-object", "worker" or "workflow"'),
        ({"Room": {}}, "exports.Room.type: missing"),
        ({"Room": {"type": "worker", "storage": "sqlite"}}, 'storage: unknown key of "worker"'),
        (
            {"Old": {"type": "durable-object", "state": "renamed"}},
            "exports.Old.renamed_to: missing",
        ),
        ({"Flow": {"type": "workflow"}}, "exports.Flow.name: missing"),
        ({"Flow": {"type": "workflow", "name": "a b"}}, "exports.Flow.name: expected 1 to 64"),
    ],
)
def test_exports_that_do_not_fit_are_refused(exports: dict[str, Any], message: str) -> None:
    assert message in refused({"exports": exports}, ROOM)


def test_exports_of_every_state_are_taken() -> None:
    exports = {
        "Room": {"type": "durable-object", "storage": "sqlite"},
        "Flow": {"type": "workflow", "name": "flow"},
        "Default": {"type": "worker", "cache": {"enabled": True}},
        "Gone": {"type": "durable-object", "state": "deleted"},
        "Old": {"type": "durable-object", "state": "renamed", "renamed_to": "Room"},
        "Lent": {"type": "durable-object", "state": "transferred", "transferred_to": "other"},
    }
    worker({"exports": exports}, ROOM)


@pytest.mark.parametrize(
    "config",
    [
        {"exports": {"Counter": {"type": "durable-object", "storage": "sqlite"}}},
        {"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]},
    ],
)
@pytest.mark.asyncio
async def test_object_without_a_binding_has_its_namespace_in_the_exports(
    config: dict[str, Any],
) -> None:
    code = """
from pyworkers_sdk import DurableObject

class Counter(DurableObject):
    async def add(self) -> int:
        [row] = self.ctx.storage.sql.exec("SELECT 1 AS n")
        count = (await self.ctx.storage.get("n") or 0) + row["n"]
        await self.ctx.storage.put("n", count)
        return count

class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        counter = self.ctx.exports.Counter.get_by_name("a")
        return Response(str(await counter.add()))
"""
    runtime = worker(config, code)
    assert [await text(runtime), await text(runtime)] == ["1", "2"]


def test_exports_beside_migrations_are_refused() -> None:
    config = {
        "exports": {"Room": {"type": "durable-object", "storage": "sqlite"}},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    }
    assert "exports: expected one of it and migrations" in refused(config, ROOM)


def test_migrations_need_their_classes() -> None:
    migrations = [{"tag": "v1", "new_sqlite_classes": ["Room", "Gone"]}]
    assert "migrations: app does not export Gone" in refused({"migrations": migrations}, ROOM)
    migrations.append({"tag": "v2", "deleted_classes": ["Gone"]})
    worker({"migrations": migrations}, ROOM)


def test_compatible_is_what_every_worker_needs() -> None:
    assert set(COMPATIBLE) == {"compatibility_date", "compatibility_flags"}
