"""Mutated configuration files: each ends in a Worker or in a ConfigError with file and line.

A project has every file that ``FakeRuntime.from_config`` reads. A case changes one of its files: in
its bytes, in its lines, or in the structure of a wrangler configuration.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyworkers_sdk.testing import ConfigError, FakeRuntime
from tests.fuzz.config_growth import SHAPES
from tests.fuzz.report import LONG_RUN, Report, growth_faults

__all__ = ["FILES", "fuzz"]

MAIN = """
from pyworkers_sdk import DurableObject, WorkerEntrypoint, WorkflowEntrypoint

class Room(DurableObject):
    pass

class Orders(WorkflowEntrypoint):
    async def run(self, event, step):
        pass

class Default(WorkerEntrypoint):
    async def queue(self, batch):
        pass
"""
CONFIG: dict[str, Any] = {
    "$schema": "node_modules/wrangler/config-schema.json",
    "name": "app",
    "main": "src/fuzz_entry.py",
    "compatibility_date": "2026-07-01",
    "compatibility_flags": ["python_workers"],
    "triggers": {"crons": ["*/5 * * * *"]},
    "vars": {"TEXT": "text", "NUMBER": 12, "FLAG": True, "OBJECT": {"a": [1, 2.5, None]}},
    "secrets": {"required": ["A", "TOKEN"]},
    "kv_namespaces": [{"binding": "KV", "id": "1"}],
    "d1_databases": [
        {"binding": "DB", "database_name": "db", "migrations_dir": "migrations"},
        {"binding": "DB2", "migrations_pattern": "migrations/*.sql"},
    ],
    "r2_buckets": [{"binding": "R2", "bucket_name": "files"}],
    "queues": {
        "producers": [{"binding": "JOBS", "queue": "jobs"}],
        "consumers": [{"queue": "jobs", "max_batch_size": 5, "max_retries": 2}],
    },
    "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    "workflows": [{"binding": "ORDERS", "name": "orders", "class_name": "Orders"}],
    "services": [{"binding": "SELF", "service": "app", "props": {"a": 1}}],
    "assets": {"directory": "public", "binding": "ASSETS", "run_worker_first": ["/api/*"]},
    "ratelimits": [{"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 5, "period": 60}}],
    "send_email": [{"name": "MAIL", "destination_address": "a@example.com"}],
    "mtls_certificates": [{"binding": "CERT", "certificate_id": "c"}],
    "hyperdrive": [
        {"binding": "PG", "id": "x", "localConnectionString": "postgres://u:p@h:1/d"},
    ],
    "env": {"staging": {"vars": {"TEXT": "other"}, "routes": ["example.com/*"]}},
}
TOML = """
name = "app"
main = "src/fuzz_entry.py"
compatibility_date = "2026-07-01"
compatibility_flags = ["python_workers"]
triggers.crons = ["0 * * * *"]

[vars]
TEXT = "text"
NUMBER = 1_000
RATIO = 2.5e3
FLAG = true
OBJECT = { a = [1, 2, ], "b.c" = 'x' }
LONG = \"\"\"
two
lines\"\"\"

[[kv_namespaces]]
binding = "KV"  # a comment
id = "1"

[[d1_databases]]
binding = "DB"

[assets]
directory = "public"

[env.staging.vars]
TEXT = "other"
"""
FILES: dict[str, str] = {
    "wrangler.json": json.dumps(CONFIG, indent=1),
    "wrangler.toml": TOML,
    ".dev.vars": "A=1\nexport TOKEN='x y'\nB=\"a\\nb\" # c\nC: 3\n",
    ".dev.vars.staging": "A=staging\nTOKEN=s\n",
    ".env": "A=1\nTOKEN=$A-${A:-d}\nB=\\$A\n",
    ".env.local": "A=2\n",
    "public/index.html": "<p>",
    "public/_headers": "/*\n  X-A: 1\n  ! X-B\nhttps://example.com/a\n  X-C: :splat\n",
    "public/_redirects": "/a /b 301\n/c/* /d/:splat\n/e/:id https://example.com/:id 302 # x\n",
    "public/.assetsignore": "*.map\n!keep.map\n",
    "migrations/0001_first.sql": "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\n",
}
TOKENS = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\x00", b"\r\n", b"\r", b"\n\n\n", b"\t", b"\x0b"),
    *(b'"', b"'", b"`", b"\\", b"{", b"}", b"[", b"]", b"[[", b",", b":", b"=", b".", b"#", b"//"),
    *(b"/*", b"*/", b"${", b"$A", b"$", b"!", b"*", b"/:a/:a", b"/*/*", b":splat", b"\\u0000"),
    *(b"\\ud800", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"null", b"NaN", b"inf"),
    *(b"9" * 20, b"9" * 5000, b"1e999", b"0x" + b"f" * 40, b"1979-05-27", b"07:32:00", b"-0"),
    *(
        b"__proto__",
        b"__class__",
        b"__dict__",
        b"../" * 4000,
        b"migrations/**",
        b"**.sql",
        b"a" * 300,
        b"[" * 600,
        b"{a=" * 300,
    ),
    *(b"a." * 600, b'"""', b"'''", b"export ", b"https://x:1/", b"env", b"python_workers"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 1e400, "", "a", " ", "\0", "\ud800", "a" * 300),
    *(
        "../none",
        "/none",
        "__class__",
        "__dict__",
        "js_object",
        "app",
        "Room",
        "KV",
        "2026-07-01",
        "*",
    ),
    *([], [[]], [None], ["a"], [{}], {}, {"": ""}, {"binding": "KV"}, {"name": 1}, {"a": {}}),
)


def fuzz(*, seed: int, cases: int) -> Report:
    """Try ``cases`` mutated files."""
    report = Report("config", seed)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(folder)
        for name, text in {**FILES, "src/fuzz_entry.py": MAIN}.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(text.encode())
        for number in range(cases):
            name, data = mutated(random.Random(f"{seed} {number}"))
            fault = _tried(root, name, data, report)
            report.cases += 1
            if fault:
                report.faults.append(f"seed {seed}, case {number}, {name}: {fault}")
        if cases >= LONG_RUN:
            report.faults += growth_faults(SHAPES)
            report.figures["shapes of long files"] = len(SHAPES)
    return report


def _tried(root: Path, name: str, data: bytes, report: Report) -> str | None:
    """Read the project with one file changed; return a description of a broken invariant."""
    file = root / name
    file.write_bytes(data)
    hidden = root / ".dev.vars"
    if name.startswith(".env"):  # they are read only if .dev.vars is missing
        hidden.unlink()
    config = name if name.startswith("wrangler") else "wrangler.json"
    environment = "staging" if name == ".dev.vars.staging" else None
    try:
        FakeRuntime.from_config(root / config, environment=environment)
    except ConfigError as error:
        report.count("ConfigError")
        message = str(error)
        return None if _PLACE.match(message) else f"a message without a place: {message[:200]}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    else:
        report.count("Worker")
        return None
    finally:
        file.write_bytes(FILES[name].encode())
        hidden.write_bytes(FILES[".dev.vars"].encode())


_PLACE = re.compile(
    r"^[^:]*(wrangler\.(json|toml)|\.(dev\.vars|env|assetsignore)[.a-z]*|_headers|_redirects|\.sql)\b"
)


# Mutations ---------------------------------------------------------------------------------------


def mutated(rng: random.Random) -> tuple[str, bytes]:
    """Return the name and the new bytes of one file."""
    name = rng.choice([*FILES, "wrangler.json", "wrangler.toml", "wrangler.json"])
    if name == "wrangler.json" and rng.random() < 0.6:
        return name, json.dumps(_changed(rng, CONFIG), indent=rng.choice([None, 1])).encode()
    data = FILES[name].encode()
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        data = rng.choice(_MUTATIONS)(rng, data)
    return name, data


def _changed(rng: random.Random, config: dict[str, Any]) -> dict[str, Any]:
    """Replace, remove or add values at random places of a configuration."""
    changed: dict[str, Any] = json.loads(json.dumps(config))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        node: Any = changed
        while True:
            keys: list[Any] = [*node] if isinstance(node, dict) else [*range(len(node))]
            if not keys:
                break
            key = rng.choice(keys)
            inner = node[key]
            if isinstance(inner, (dict, list)) and rng.random() < 0.7:
                node = inner
                continue
            _replace(rng, node, key)
            break
    return changed


def _replace(rng: random.Random, node: Any, key: Any) -> None:
    action = rng.randrange(4)
    if action == 0:
        del node[key]
    elif action == 1 and isinstance(node, dict):
        node[rng.choice(["binding", "name", "id", "__proto__", "x", key + "s"])] = node[key]
    elif action == 1:
        node.append(node[key])
    else:
        node[key] = rng.choice(VALUES)


def _span(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice([1, 1, 2, 5, 20, 200]))


def _flip(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def _delete(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[start:end] * rng.choice([2, 3, 50]) + data[end:]


def _insert(rng: random.Random, data: bytes) -> bytes:
    start = rng.choice([0, len(data), rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)])
    return data[:start] + rng.choice(TOKENS) * rng.choice([1, 1, 1, 2, 30]) + data[start:]


def _overwrite(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + rng.choice(TOKENS) + data[end:]


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _swap_lines(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _encode(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7"]))


_MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    *(_flip, _delete, _repeat, _insert, _insert, _insert, _overwrite, _overwrite),
    *(_truncate, _swap_lines, _encode),
]
