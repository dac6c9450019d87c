"""The Workers that contract checks drive: their classes, and the env that binds them.

They run unchanged in every world that runs Workers: behind ``FakeRuntime`` in the fake world, and
exported by ``tests/real/worker.py`` in workerd. ``tests/real/worlds.py`` configures their bindings.
"""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import (
    KV as Keys,
    AgentMemory,
    AiSearchInstance,
    AiSearchNamespace,
    AnalyticsEngineDataset,
    AnalyticsSQL,
    Artifacts,
    Assets,
    DispatchNamespace,
    DurableObjectNamespace,
    Env,
    Flagship,
    Hyperdrive,
    Pipeline,
    RateLimit,
    SecretsStoreSecret,
    SendEmail,
    Service,
    VersionMetadata,
    WorkerLoader,
    Workflow,
)

from .context import Around
from .durable import Alarmed, Counter, Inside, Kept, Parent, Room
from .rpc import Admin, Callee
from .workflows import Order


class AppEnv(Env):
    """The env of the contract Worker, the argument ``app`` of checks."""

    ADMIN: Service[Admin]
    AROUND: Service[Around]
    ALARMED: DurableObjectNamespace[Alarmed]
    CALLEE: Service[Callee]
    COUNTERS: DurableObjectNamespace[Counter]
    DOCS: AiSearchInstance
    DEPLOYED: VersionMetadata
    FILES: Assets
    FILES_DROP: Assets
    FILES_EXACT: Assets
    FILES_FORCE: Assets
    FLAGS: Flagship
    FLOWS: Workflow[dict[str, Any]]
    INSIDE: DurableObjectNamespace[Inside]
    KEPT: DurableObjectNamespace[Kept]
    KV: Keys
    LIMITER: RateLimit
    LOADER: WorkerLoader
    MAILER: SendEmail
    MAILER_ONE: SendEmail
    MAILER_SEVERAL: SendEmail
    MAIL_SERVICE: SendEmail
    MEMORY: AgentMemory
    MYSQL: Hyperdrive
    NEWER_FLOWS: Workflow[Any]
    NO_SECRET: SecretsStoreSecret
    REPOS: Artifacts
    ROOMS: DurableObjectNamespace[Room]
    ORDERS: Workflow[Order]
    PARENTS: DurableObjectNamespace[Parent]
    PARTY: Service
    PER_MINUTE: RateLimit
    POINTS: AnalyticsEngineDataset
    POINTS_KEPT: AnalyticsEngineDataset
    POSTGRES: Hyperdrive
    SAME_LIMITER: RateLimit
    SEARCH: AiSearchNamespace
    SECRET: SecretsStoreSecret
    STATS: AnalyticsSQL
    STREAM: Pipeline[Any]
    STREAM_KEPT: Pipeline[Any]
    USERS: DispatchNamespace
