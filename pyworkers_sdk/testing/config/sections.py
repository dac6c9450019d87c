"""From a section of a wrangler configuration to the fakes that it asks for: a row for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._cpython.web import JsException

if TYPE_CHECKING:
    from ..runtime.host import Host, Script
    from .build import Worker
    from .config import Bound

__all__ = ["SECTIONS", "Section", "shared"]


class Section(NamedTuple):
    """A binding's public class, as an Env annotates it, and what makes a fake of it, if there is
    one; None where it leads to a Worker that is not here."""

    kind: str
    make: Callable[[Bound, Worker], Any] | None = None


def shared(worker: Worker, kind: str, name: str, make: Callable[..., Any]) -> Any:
    """The thing of that name, which other bindings, and other Workers, may be bound to too."""
    host = worker.script.host
    things = host.shared(_things)
    if (kind, name) not in things:
        things[kind, name] = make(clock=host.clock)
        things[kind, name].clock = host.clock  # where faults() looks for it
    return things[kind, name]


def _things(host: Host) -> dict[tuple[str, str], Any]:
    return {}


def _kv(bound: Bound, worker: Worker) -> Any:
    from ..fakes.kv import FakeKVNamespace

    return shared(worker, "KV", bound.settings.id or bound.name, FakeKVNamespace)


def _ai(bound: Bound, worker: Worker) -> Any:
    from ..fakes.ai import FakeAi

    return shared(worker, "AI", bound.name, FakeAi)


def _r2(bound: Bound, worker: Worker) -> Any:
    from ..fakes.r2 import FakeR2Bucket

    return shared(worker, "R2", bound.settings.bucket_name or bound.name, FakeR2Bucket)


def _d1(bound: Bound, worker: Worker) -> Any:
    from ..fakes.d1 import FakeD1Database

    name = bound.settings.preview_database_id or bound.settings.database_id or bound.name
    database = shared(worker, "D1", name, FakeD1Database)
    _migrate(database, bound, worker)
    return database


def _queue(bound: Bound, worker: Worker) -> Any:
    from ..fakes.queues import FakeQueue, queues_of

    host, delay = worker.script.host, bound.settings.delivery_delay
    name = bound.settings.queue or bound.name
    queue = queues_of(host).setdefault(name, FakeQueue(name, clock=host.clock))
    if delay is not None:  # it is the queue's, whichever of its producers says it
        if queue.delivery_delay not in (0, delay):
            message = f"another producer of {name} says {queue.delivery_delay}"
            raise worker.config.error(message, *bound.place, "delivery_delay")
        queue.delivery_delay = delay
    return queue


def _target(bound: Bound, worker: Worker, key: str) -> Script | None:
    """The Worker that a binding leads to: this one, or another of these."""
    name = getattr(bound.settings, key)
    scripts = worker.script.host.scripts
    return worker.script if name is None else scripts.get(name)


def _objects(bound: Bound, worker: Worker) -> Any:
    from ..fakes.durable.namespace import namespace

    script = _target(bound, worker, "script_name")
    if script is None:
        return None
    made = worker.company[script.name].config.object_classes()
    name = bound.settings.class_name
    return namespace(script, name, sqlite=made.get(name, False))


def _workflow(bound: Bound, worker: Worker) -> Any:
    from ..fakes.workflows.workflow import FakeWorkflow

    settings, script = bound.settings, _target(bound, worker, "script_name")
    if script is None:
        return None
    things = script.host.shared(_things)
    key = ("Workflow", settings.name)
    if key not in things:
        things[key] = FakeWorkflow(script, settings.name, script.exports[settings.class_name])
    return things[key]


def _service(bound: Bound, worker: Worker) -> Any:
    from ..runtime.services import served

    settings, script = bound.settings, _target(bound, worker, "service")
    if script is None:
        return None
    return served(script, script.exports[settings.entrypoint or "default"], settings.props)


def assets(bound: Bound, worker: Worker) -> Any:
    from ..fakes.assets import FakeAssets, Front

    settings = bound.settings
    if settings.directory is None:
        return None
    folder = worker.config.folder / settings.directory
    if not folder.is_dir():
        message = f"there is no folder {settings.directory}"
        raise worker.config.error(message, *bound.place, "directory")
    files = FakeAssets(folder, settings.html_handling, settings.not_found_handling)
    worker.script.front = Front(files, settings.run_worker_first)
    return files


def _vectorize(bound: Bound, worker: Worker) -> Any:
    from ..fakes.vectorize import FakeVectorize

    return shared(worker, "Vectorize", bound.settings.index_name or bound.name, FakeVectorize)


def _configured(module: str) -> Callable[[Bound, Worker], Any]:
    """What the module of the binding's fake makes of a configuration."""

    def make(bound: Bound, worker: Worker) -> Any:
        return import_module(f"..{module}", __package__).configured(bound, worker)

    return make


_NAMED = ("dataset", "stream", "pipeline", "namespace", "app_id")


def _new(module: str, name: str) -> Callable[[Bound, Worker], Any]:
    """A fake that takes nothing from the configuration but what it is shared under."""

    def make(bound: Bound, worker: Worker) -> Any:
        settings = bound.settings
        known = next(filter(None, (getattr(settings, key, None) for key in _NAMED)), bound.name)
        return shared(worker, name, known, getattr(import_module(f"..{module}", __package__), name))

    return make


SECTIONS = {
    "kv_namespaces": Section("KV", _kv),
    "d1_databases": Section("D1", _d1),
    "r2_buckets": Section("R2", _r2),
    "queues.producers": Section("Queue", _queue),
    "durable_objects.bindings": Section("DurableObjectNamespace", _objects),
    "workflows": Section("Workflow", _workflow),
    "services": Section("Service", _service),
    "assets": Section("Assets", assets),
    "ai": Section("AI", _ai),
    "vectorize": Section("Vectorize", _vectorize),
    "analytics_engine_datasets": Section(
        "AnalyticsEngineDataset", _new("fakes.analytics", "FakeAnalyticsEngineDataset")
    ),
    "hyperdrive": Section("Hyperdrive", _configured("fakes.hyperdrive")),
    "browser": Section("Browser", _new("fakes.browser", "FakeBrowserRun")),
    "images": Section("Images", _new("fakes.images", "FakeImagesBinding")),
    "media": Section("Media", _new("fakes.media", "FakeMediaBinding")),
    "stream": Section("Stream", _new("fakes.stream_video", "FakeStreamBinding")),
    "analytics": Section("AnalyticsSQL", _new("fakes.analytics", "FakeAnalyticsSQL")),
    "send_email": Section("SendEmail", _configured("fakes.email")),
    "secrets_store_secrets": Section("SecretsStoreSecret", _configured("fakes.secrets_store")),
    "version_metadata": Section("VersionMetadata", _configured("fakes.version_metadata")),
    "ratelimits": Section("RateLimit", _configured("fakes.rate_limit")),
    "dispatch_namespaces": Section(
        "DispatchNamespace", _new("fakes.dispatch_namespaces", "FakeDispatchNamespace")
    ),
    "mtls_certificates": Section("Service"),
    "pipelines": Section("Pipeline", _new("fakes.pipelines", "FakePipeline")),
    "k2": Section("K2"),
    "artifacts": Section("Artifacts", _new("fakes.artifacts", "FakeArtifacts")),
    "agent_memory": Section("AgentMemory", _new("fakes.agent_memory", "FakeAgentMemoryNamespace")),
    "ai_search_namespaces": Section(
        "AiSearchNamespace", _new("fakes.ai_search", "FakeAiSearchNamespace")
    ),
    "ai_search": Section("AiSearchInstance", _configured("fakes.ai_search")),
    "websearch": Section("WebSearch", _new("fakes.web_search", "FakeWebSearch")),
    "flagship": Section("Flagship", _new("fakes.flagship", "FakeFlagship")),
    "worker_loaders": Section("WorkerLoader", _new("fakes.worker_loader", "FakeWorkerLoader")),
    "vpc_services": Section("Service"),
    "vpc_networks": Section("Service"),
    "unsafe_hello_world": Section("HelloWorld"),
    "unsafe.bindings": Section("Any"),
}


# Migrations -------------------------------------------------------------------------------------


def _migrate(database: Any, bound: Bound, worker: Worker) -> None:
    """What ``wrangler d1 migrations apply`` does: each file as one transaction, recorded."""
    settings, config = bound.settings, worker.config
    folder = config.folder / (settings.migrations_dir or "migrations")
    if not folder.is_dir():
        if settings.migrations_dir is None:
            return
        message = f"there is no folder {settings.migrations_dir}"
        raise config.error(message, *bound.place, "migrations_dir")
    table = '"' + settings.migrations_table.replace('"', '""') + '"'
    made = (
        f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)"
    )
    _, applied = database._query([(made, ()), (f"SELECT name FROM {table}", ())])
    known = {name for (name,) in applied.rows}
    for name in _migrations(folder, bound, worker):
        if name not in known:
            queries = [(part, ()) for part in _statements(folder / name)]
            try:
                database._query([*queries, (f"INSERT INTO {table} (name) VALUES (?)", (name,))])
            except JsException as error:
                message = f"{name}: {error.message}"
                raise config.error(message, *bound.place, "migrations_dir") from None


def _migrations(folder: Path, bound: Bound, worker: Worker) -> list[str]:
    """The files' names, by number."""
    pattern = "*.sql"
    if bound.settings.migrations_pattern is not None:
        start = _path(bound.settings.migrations_dir or "migrations") + "/"
        given = _path(bound.settings.migrations_pattern)
        if not given.startswith(start):
            message = f"expected a pattern that begins with {start}"
            raise worker.config.error(message, *bound.place, "migrations_pattern")
        pattern = given.removeprefix(start)
    files = (path.relative_to(folder) for path in folder.glob(pattern) if path.is_file())
    visible = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    return [path.as_posix() for path in sorted(visible, key=_turn)]


def _path(text: str) -> str:
    return Path(text).as_posix()


def _turn(path: Path) -> list[tuple[float, str]]:
    numbers = (re.match(r"[0-9]+", part) for part in path.parts)
    return [(int(number[0]) if number else inf, part) for number, part in zip(numbers, path.parts)]


def _statements(path: Path) -> list[str]:
    sql = path.read_text(encoding="utf-8")
    if "BEGIN TRANSACTION" in sql:  # D1 makes one itself
        sql = sql.replace("BEGIN TRANSACTION;", "", 1).replace("COMMIT;", "", 1)
    from ..fakes.sql_text import is_empty, split

    return [part for part in split(sql) if not is_empty(part)]
