"""The tables of bindings in a wrangler configuration."""

# The lists are defaults, and never changed.
# ruff: noqa: RUF012

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from .schema_types import BucketName, Json, Names, Seconds, Text, WorkflowName, between
from .tables import Table

__all__: list[str] = []

Handling = Literal["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]


class Binding(Table):
    """Base of a binding that is named by ``binding``; a few are named by ``name``."""

    binding: str
    remote: bool | None = None


class KVNamespace(Binding):
    id: Text | None = None
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
    bucket_name: BucketName | None = None
    preview_bucket_name: BucketName | None = None
    jurisdiction: str | None = None
    local_dev: Json = None


class Producer(Binding):
    queue: Text | None = None
    delivery_delay: Seconds | None = None


class Consumer(Table):
    queue: Text
    type: Literal["worker"] = "worker"
    max_batch_size: Annotated[int, between(1, 100)] = 10
    max_batch_timeout: Annotated[float, between(0, 60)] = 5
    max_retries: Annotated[int, between(0, 100)] = 3
    dead_letter_queue: str | None = None
    max_concurrency: Annotated[int, between(1, 250)] | None = None
    visibility_timeout_ms: int | None = None
    retry_delay: Seconds = 0


class Queues(Table):
    producers: list[Producer] = []
    consumers: list[Consumer] = []


class DurableObject(Table):
    name: str
    class_name: Text
    script_name: str | None = None
    environment: str | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if self.environment is not None and self.script_name is None:
            yield "environment", "expected script_name beside it"


class DurableObjects(Table):
    bindings: list[DurableObject] = []
    code_update_strategy: Json = None


class Workflow(Table):
    binding: str
    name: WorkflowName
    class_name: Text
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
    dev: dict[str, Json] | None = None


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
    dataset: Text | None = None


class Hyperdrive(Binding):
    id: str
    localConnectionString: str | None = None


class SendEmail(Table):
    name: str
    destination_address: str | None = None
    allowed_destination_addresses: Names | None = None
    allowed_sender_addresses: Names | None = None
    binding: Json = None
    remote: bool | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if {"destination_address", "allowed_destination_addresses"} <= self.given:
            yield "destination_address", "expected one of it and allowed_destination_addresses"


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
    certificate_id: Text


class Pipeline(Binding):
    stream: str | None = None
    pipeline: str | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if not (self.stream or self.pipeline):
            yield "stream", "missing"


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

    def check(self) -> Iterator[tuple[str, str]]:
        if len({"tunnel_id", "network_id"} & self.given) != 1:
            yield "", "expected one of tunnel_id and network_id"


class UnsafeBinding(Table):
    is_open = True

    name: str
    type: str


class Unsafe(Table):
    bindings: list[UnsafeBinding] = []
    metadata: Json = None
    capnp: Json = None
