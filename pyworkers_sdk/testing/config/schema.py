"""The keys of a wrangler configuration, and the types of their values.

A value that no fake depends on is ``Json``: its content is not checked.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NOT_INHERITED", "Environment", "Table", "Wrangler"]

Json = Any
Names = list[str]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Handling = Literal["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]


class Table(BaseModel):
    """A table (TOML) or object (JSON). An unknown key in it is an error."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, frozen=True, defer_build=True
    )


class Binding(Table):
    """Base of a binding that is named by ``binding``; a few are named by ``name``."""

    binding: str
    remote: bool | None = None


# Bindings ----------------------------------------------------------------------------------------


class KVNamespace(Binding):
    id: str | None = None
    preview_id: str | None = None


class D1Database(Binding):
    database_name: str | None = None
    database_id: str | None = None
    preview_database_id: str | None = None
    database_internal_env: str | None = None
    jurisdiction: str | None = None
    migrations_dir: str | None = None
    migrations_pattern: str | None = None
    migrations_table: str = "d1_migrations"


class R2Bucket(Binding):
    bucket_name: str | None = None
    preview_bucket_name: str | None = None
    jurisdiction: str | None = None
    local_dev: Json = None


class Producer(Binding):
    queue: str | None = None
    delivery_delay: Seconds | None = None


class Consumer(Table):
    queue: str
    type: Literal["worker"] = "worker"
    max_batch_size: Annotated[int, Field(ge=1, le=100)] = 10
    max_batch_timeout: Annotated[float, Field(ge=0, le=60)] = 5
    max_retries: Annotated[int, Field(ge=0, le=100)] = 3
    dead_letter_queue: str | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=250)] | None = None
    visibility_timeout_ms: int | None = None
    retry_delay: Seconds = 0


class Queues(Table):
    producers: list[Producer] = []
    consumers: list[Consumer] = []


class DurableObject(Table):
    name: str
    class_name: str
    script_name: str | None = None
    environment: str | None = None


class DurableObjects(Table):
    bindings: list[DurableObject] = []
    code_update_strategy: Json = None


class Renamed(Table):
    from_: str = Field(alias="from")
    to: str


class Transferred(Renamed):
    from_script: str


class Migration(Table):
    tag: str
    new_classes: Names = []
    new_sqlite_classes: Names = []
    renamed_classes: list[Renamed] = []
    transferred_classes: list[Transferred] = []
    deleted_classes: Names = []


class Workflow(Table):
    binding: str
    name: str
    class_name: str
    script_name: str | None = None
    remote: bool | None = None
    limits: Json = None
    concurrency: Json = None
    schedules: str | Names | None = None
    default_retention: Json = None
    jurisdiction: Json = None


class Service(Binding):
    service: str
    entrypoint: str | None = None
    environment: str | None = None
    props: dict[str, Json] = {}


class Assets(Table):
    directory: str | None = None
    binding: str | None = None
    html_handling: Handling = "auto-trailing-slash"
    not_found_handling: Literal["single-page-application", "404-page", "none"] = "none"
    run_worker_first: bool | Names = False
    base_path: str | None = None


class Simple(Table):
    limit: float
    period: Literal[10, 60]


class RateLimit(Table):
    name: str
    namespace_id: str
    simple: Simple


class Ai(Binding):
    staging: bool | None = None


class Vectorize(Binding):
    index_name: str


class Dataset(Binding):
    dataset: str | None = None


class Hyperdrive(Binding):
    id: str
    localConnectionString: str | None = None


class SendEmail(Table):
    name: str
    destination_address: str | None = None
    allowed_destination_addresses: Names | None = None
    allowed_sender_addresses: Names | None = None
    remote: bool | None = None


class StoredSecret(Table):
    binding: str
    store_id: str
    secret_name: str


class Outbound(Table):
    service: str
    environment: str | None = None
    parameters: Names = []


class DispatchNamespace(Binding):
    namespace: str | None = None
    outbound: Outbound | None = None


class Certificate(Binding):
    certificate_id: str


class Pipeline(Binding):
    stream: str | None = None
    pipeline: str | None = None


class Namespaced(Binding):
    namespace: str


class Instance(Binding):
    instance_name: str


class Flags(Binding):
    app_id: str | None = None


class Streamed(Binding):
    stream: str


class Hello(Table):
    binding: str
    enable_timer: bool | None = None


class Named(Table):
    binding: str


class VpcService(Binding):
    service_id: str


class VpcNetwork(Binding):
    tunnel_id: str | None = None
    network_id: str | None = None


class UnsafeBinding(Table):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    name: str
    type: str


class Unsafe(Table):
    bindings: list[UnsafeBinding] = []
    metadata: Json = None
    capnp: Json = None


# Other keys --------------------------------------------------------------------------------------


class Triggers(Table):
    crons: Names | None = None
    events: Json = None


class Secrets(Table):
    required: Names = []


class Rule(Table):
    type: Literal[
        "ESModule",
        "CommonJS",
        "CompiledWasm",
        "Text",
        "Data",
        "PythonModule",
        "PythonRequirement",
    ]
    globs: Names
    fallthrough: bool | None = None


class Route(Table):
    pattern: str
    zone_id: str | None = None
    zone_name: str | None = None
    custom_domain: bool | None = None
    enabled: bool | None = None
    previews_enabled: bool | None = None


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
    region: str | None = None
    host: str | None = None
    hostname: str | None = None


class Observed(Table):
    enabled: bool | None = None
    head_sampling_rate: float | None = None
    persist: bool | None = None
    destinations: Names | None = None
    invocation_logs: bool | None = None


class Observability(Table):
    enabled: bool | None = None
    head_sampling_rate: float | None = None
    redact_query_string: bool | None = None
    issues: Observed | None = None
    logs: Observed | None = None
    traces: Observed | None = None


class TailConsumer(Table):
    service: str
    environment: str | None = None


class PythonModules(Table):
    exclude: Names = []


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

    name: str | None = None
    main: str | None = None
    compatibility_date: str | None = None
    compatibility_flags: Names = []
    account_id: str | None = None
    workers_dev: bool | None = None
    preview_urls: bool | None = None
    route: str | Route | None = None
    routes: list[str | Route] = []
    triggers: Triggers = Triggers()
    migrations: list[Migration] = []
    exports: dict[str, Json] = {}
    assets: Assets | None = None
    limits: Limits | None = None
    placement: Placement | None = None
    build: Build | None = None
    rules: list[Rule] = []
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
    compliance_region: str | None = None
    logfwdr: Json = None
    access: Json = None
    cache: Json = None
    previews: Json = None

    # From here on NOT_INHERITED: an environment does not take these from the top level.
    vars: dict[str, Json] = {}
    secrets: Secrets | None = None
    define: dict[str, str] = {}
    kv_namespaces: list[KVNamespace] = []
    d1_databases: list[D1Database] = []
    r2_buckets: list[R2Bucket] = []
    queues: Queues = Queues()
    durable_objects: DurableObjects = DurableObjects()
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
    flagship: list[Flags] = []
    worker_loaders: list[Named] = []
    vpc_services: list[VpcService] = []
    vpc_networks: list[VpcNetwork] = []
    unsafe_hello_world: list[Hello] = []
    unsafe: Unsafe | None = None
    tail_consumers: list[TailConsumer] = []
    streaming_tail_consumers: list[TailConsumer] = []
    connect: Json = None
    cloudchamber: Json = None
    containers: Json = None


class Wrangler(Environment):
    """A whole file: the keys of an environment, and the keys that only the top level has."""

    schema_: str | None = Field(None, alias="$schema")
    env: dict[str, Environment] = {}
    dev: Dev | None = None
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
    legacy_env: bool | None = None


_names = list(Environment.model_fields)
NOT_INHERITED = frozenset(_names[_names.index("vars") :])
"""The keys that an environment has to repeat: it does not inherit them from the top level."""
