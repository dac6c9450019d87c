"""The keys of a wrangler configuration, and the types of their values.

The tables of bindings are in ``schema_bindings``, ``exports`` and ``migrations`` in
``schema_exports``. A value that no fake depends on is ``Json``: its content is not checked.
"""

# The lists are defaults, and never changed.
# ruff: noqa: RUF012

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from .schema_bindings import (
    Ai,
    Assets,
    Binding,
    Certificate,
    D1Database,
    Dataset,
    DispatchNamespace,
    DurableObjects,
    Flags as FlagshipApp,
    Hello,
    Hyperdrive,
    Instance,
    KVNamespace,
    Named,
    Namespaced,
    Pipeline,
    Queues,
    R2Bucket,
    RateLimit,
    SendEmail,
    Service,
    StoredSecret,
    Streamed,
    Unsafe,
    Vectorize,
    VpcNetwork,
    VpcService,
    Workflow,
)
from .schema_exports import Export, Migration
from .schema_types import Date, Flags, Json, Names, Rate, Text, WorkerName, between
from .tables import Alias, Nullable, Table, keys_of

__all__ = ["KEYS", "NOT_INHERITED", "Environment", "Wrangler"]


class Triggers(Table):
    crons: Names | None = None
    events: Json = None


class Secrets(Table):
    required: Names = []


class Rule(Table):
    type: Literal["ESModule", "CommonJS", "CompiledWasm", "Text", "Data"]
    globs: Names
    fallthrough: bool | None = None


class Route(Table):
    pattern: str
    zone_id: str | None = None
    zone_name: str | None = None
    custom_domain: bool | None = None
    enabled: bool | None = None
    previews_enabled: bool | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if {"zone_id", "zone_name"} <= self.given:
            yield "zone_id", "expected one of it and zone_name"
        if {"enabled", "previews_enabled"} & self.given and "custom_domain" not in self.given:
            yield "custom_domain", "missing"
        elif not {"zone_id", "zone_name", "custom_domain"} & self.given:
            yield "", "expected zone_id, zone_name or custom_domain beside pattern"


class Limits(Table):
    cpu_ms: float | None = None
    subrequests: float | None = None


class Build(Table):
    command: str | None = None
    cwd: str | None = None
    watch_dir: str | Names | None = None


class Placement(Table):
    mode: Literal["off", "smart", "targeted"] | None = None
    hint: str | None = None
    region: Text | None = None
    host: Text | None = None
    hostname: Text | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        targets = {"region", "host", "hostname"} & self.given
        if len(targets) > 1 or (targets and "hint" in self.given):
            yield "", "expected one of hint, region, host and hostname"
        elif targets and self.mode not in (None, "targeted"):
            yield "mode", f'expected "targeted" beside {", ".join(targets)}'
        elif not targets and self.mode == "targeted":
            yield "", "expected region, host or hostname beside the mode"
        elif not targets and self.mode is None:
            yield "mode", "missing"
        elif self.hint and self.mode != "smart":
            yield "hint", 'expected the mode "smart" beside it'


class Issues(Table):
    enabled: bool | None = None


class Traces(Table):
    enabled: bool | None = None
    head_sampling_rate: Rate | None = None
    persist: bool | None = None
    destinations: Names | None = None


class Logs(Traces):
    invocation_logs: bool | None = None


class Observability(Table):
    enabled: bool | None = None
    head_sampling_rate: Rate | None = None
    redact_query_string: bool | None = None
    issues: Issues | None = None
    logs: Logs | None = None
    traces: Traces | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        parts = (self, self.logs, self.traces, self.issues)
        if all(part is None or part.enabled is None for part in parts):
            yield "enabled", "missing"


class TailConsumer(Table):
    service: str
    environment: str | None = None


class PythonModules(Table):
    exclude: Names = []


class Access(Table):
    dev: Json = None


class Cache(Table):
    enabled: bool
    cross_version_cache: bool | None = None


class Connect(Table):
    protocol: Literal["tcp", "udp"]
    port: Annotated[int, between(1, 65_535)]
    address: str | None = None
    idle_timeout_ms: int | None = None
    max_pending_bytes: int | None = None


class LogTarget(Table):
    name: str
    destination: str


class LogTargets(Table):
    bindings: list[LogTarget]


class Dev(Table):
    ip: str | None = None
    port: int | None = None
    inspector_port: int | None = None
    inspector_ip: str | None = None
    local_protocol: Literal["http", "https"] | None = None
    upstream_protocol: Literal["http", "https"] | None = None
    host: str | None = None
    enable_containers: bool | None = None
    container_engine: Json = None
    generate_types: bool | None = None


class Environment(Table):
    """The keys of the top level that each ``env.<name>`` has too."""

    name: WorkerName | None = None
    main: str | None = None
    compatibility_date: Date | None = None
    compatibility_flags: Flags = []
    account_id: str | None = None
    workers_dev: bool | None = None
    preview_urls: bool | None = None
    route: str | Route | None = None
    routes: list[str | Route] = []
    triggers: Nullable[Triggers] = Triggers({})
    migrations: Nullable[list[Migration]] = []
    exports: Nullable[dict[str, Export]] = {}
    assets: Assets | None = None
    limits: Nullable[Limits | None] = None
    placement: Placement | None = None
    build: Nullable[Build | None] = None
    rules: Nullable[list[Rule]] = []
    observability: Observability | None = None
    python_modules: PythonModules | None = None
    find_additional_modules: bool | None = None
    preserve_file_names: bool | None = None
    base_dir: str | None = None
    no_bundle: bool | None = None
    minify: bool | None = None
    keep_names: bool | None = None
    first_party_worker: bool | None = None
    logpush: bool | None = None
    upload_source_maps: bool | None = None
    tsconfig: str | None = None
    jsx_factory: str | None = None
    jsx_fragment: str | None = None
    compliance_region: Literal["public", "fedramp_high"] | None = None
    logfwdr: LogTargets | None = None
    access: Access | None = None
    cache: Cache | None = None
    previews: Json = None

    # From here on NOT_INHERITED: an environment does not take these from the top level.
    vars: dict[str, Json] = {}
    secrets: Secrets | None = None
    define: dict[str, str] = {}
    kv_namespaces: list[KVNamespace] = []
    d1_databases: list[D1Database] = []
    r2_buckets: list[R2Bucket] = []
    queues: Queues = Queues({})
    durable_objects: DurableObjects = DurableObjects({})
    workflows: list[Workflow] = []
    services: list[Service] = []
    ai: Ai | None = None
    vectorize: list[Vectorize] = []
    analytics_engine_datasets: list[Dataset] = []
    hyperdrive: list[Hyperdrive] = []
    browser: Binding | None = None
    images: Binding | None = None
    media: Binding | None = None
    stream: Binding | None = None
    analytics: Binding | None = None
    send_email: list[SendEmail] = []
    secrets_store_secrets: list[StoredSecret] = []
    version_metadata: Named | None = None
    ratelimits: list[RateLimit] = []
    dispatch_namespaces: list[DispatchNamespace] = []
    mtls_certificates: list[Certificate] = []
    pipelines: list[Pipeline] = []
    k2: list[Streamed] = []
    artifacts: list[Namespaced] = []
    agent_memory: list[Namespaced] = []
    ai_search_namespaces: list[Namespaced] = []
    ai_search: list[Instance] = []
    flagship: list[FlagshipApp] = []
    worker_loaders: list[Named] = []
    vpc_services: list[VpcService] = []
    vpc_networks: list[VpcNetwork] = []
    unsafe_hello_world: list[Hello] = []
    unsafe: Unsafe | None = None
    tail_consumers: Nullable[list[TailConsumer]] = []
    streaming_tail_consumers: Nullable[list[TailConsumer]] = []
    connect: list[Connect] = []
    cloudchamber: Json = None
    containers: Json = None

    def live_exports(self) -> list[str]:
        """Return the classes in ``exports`` that the main module has to export."""
        return [name for name, export in self.exports.items() if export.is_live]

    def check(self) -> Iterator[tuple[str, str]]:
        if "route" in self.given and "routes" in self.given:
            yield "route", "expected one of it and routes"
        exports = self.exports.values()
        if self.migrations and any(each.type == "durable-object" for each in exports):
            yield "exports", "expected one of it and migrations for Durable Objects"
        for key, names in (
            ("workflows", [each.name for each in self.workflows]),
            ("exports", [each.name for each in exports if each.name is not None]),
        ):
            if repeated := [name for name, times in Counter(names).items() if times > 1]:
                yield key, f"expected each Workflow once, got {repeated[0]} more than once"


class Wrangler(Environment):
    """A whole file: the keys of an environment, and the keys that only the top level has."""

    schema_: Annotated[str | None, Alias("$schema")] = None
    env: Nullable[dict[str, Environment]] = {}
    dev: Nullable[Dev | None] = None
    site: Json = None
    alias: dict[str, str] = {}
    wasm_modules: dict[str, str] = {}
    text_blobs: dict[str, str] = {}
    data_blobs: dict[str, str] = {}
    pages_build_output_dir: str | None = None
    keep_vars: bool | None = None
    send_metrics: bool | None = None
    dependencies_instrumentation: Json = None
    addresses: Names | None = None


KEYS = keys_of(Environment)
"""The keys of an environment. It inherits those before ``vars`` from the top level."""

NOT_INHERITED = frozenset(KEYS[KEYS.index("vars") :])
"""The keys that an environment has to repeat: it does not inherit them from the top level."""
