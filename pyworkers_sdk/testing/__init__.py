"""Run a Worker, or any part of it, on plain CPython: ``fake()`` and ``FakeRuntime``.

::

    kv = fake(KV)                                   # an empty namespace
    env = fake(AppEnv, API_KEY="k")                 # every binding of an Env, one clock
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    runtime = FakeRuntime.from_config("wrangler.jsonc", API_KEY="k")
    response = await runtime.fetch("https://example.com/")
    runtime.clock.advance(5)
    delivered = await runtime.drain()               # due batches of queues, waitUntil work
    await runtime.scheduled("0 * * * *")            # run a cron trigger
    faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests")
    room = runtime.env.ROOMS.get_by_name("a")       # a Durable Object
    await runtime.evict(room)                       # drop its memory, keep its storage
    await runtime.run_in_durable_object(room, look) # call look(instance)

The fakes imitate the JavaScript API underneath. So the public classes run unchanged on them, with
the same defaults, conversions and errors as in production. They are verified fakes: the checks in
tests/contract pass on the fakes and on the real runtime.

``runtime`` runs Workers, ``config`` reads wrangler configurations, ``fakes`` has a module for each
binding. ``_registry`` connects public class, configuration and fake.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the public names: edit here, then run scripts/public_names.py
    from ._clock import Clock as Clock
    from ._fake import fake as fake
    from ._faults import Faults as Faults, faults as faults
    from .config.errors import ConfigError as ConfigError, ConfigWarning as ConfigWarning
    from .fakes.ai_script import AICall as AICall, AIScript as AIScript, ai as ai
    from .fakes.ai_search import AiSearchScript as AiSearchScript, ai_search as ai_search
    from .fakes.analytics import (
        AnalyticsQuery as AnalyticsQuery,
        AnalyticsScript as AnalyticsScript,
        DataPoint as DataPoint,
        analytics_sql as analytics_sql,
        data_points as data_points,
    )
    from .fakes.artifacts import push_commit as push_commit
    from .fakes.assets import assets as assets
    from .fakes.browser import (
        BrowserCall as BrowserCall,
        BrowserScript as BrowserScript,
        browser as browser,
    )
    from .fakes.containers import (
        FakeContainer as FakeContainer,
        container as container,
        introspect_container as introspect_container,
    )
    from .fakes.dispatch_namespaces import dispatch_namespace as dispatch_namespace
    from .fakes.email import (
        SentEmail as SentEmail,
        send_email as send_email,
        sent_emails as sent_emails,
    )
    from .fakes.flagship import flags as flags
    from .fakes.hyperdrive import hyperdrive as hyperdrive
    from .fakes.images import ImageOutput as ImageOutput, image_outputs as image_outputs
    from .fakes.media import MediaOutput as MediaOutput, media_outputs as media_outputs
    from .fakes.pipelines import sent_records as sent_records
    from .fakes.queue_broker import (
        DeliveredBatch as DeliveredBatch,
        DeliveredMessage as DeliveredMessage,
    )
    from .fakes.queues import QueueConsumer as QueueConsumer, queued as queued
    from .fakes.rate_limit import rate_limit as rate_limit
    from .fakes.secrets_store import secret as secret
    from .fakes.vectorize import vectorize as vectorize, vectors as vectors
    from .fakes.worker_loader import worker_loader as worker_loader
    from .fakes.workflows.script import (
        StepRecord as StepRecord,
        WorkflowInstanceIntrospector as WorkflowInstanceIntrospector,
        WorkflowIntrospector as WorkflowIntrospector,
        introspect_workflow as introspect_workflow,
    )
    from .runtime.access_and_cache import (
        CachePurge as CachePurge,
        cache_purges as cache_purges,
        signed_in as signed_in,
    )
    from .runtime.events import ScheduledOutcome as ScheduledOutcome
    from .runtime.fake_runtime import FakeRuntime as FakeRuntime
    from .runtime.incoming_email import (
        EmailOutcome as EmailOutcome,
        ForwardedEmail as ForwardedEmail,
        RepliedEmail as RepliedEmail,
    )
    from .runtime.network import Route as Route
    from .runtime.tcp import TcpRoute as TcpRoute, TcpWriter as TcpWriter

# Where each name loads from; scripts/public_names.py writes it, sorted.
_HOMES = {
    "AICall": ".fakes.ai_script",
    "AIScript": ".fakes.ai_script",
    "AiSearchScript": ".fakes.ai_search",
    "AnalyticsQuery": ".fakes.analytics",
    "AnalyticsScript": ".fakes.analytics",
    "BrowserCall": ".fakes.browser",
    "BrowserScript": ".fakes.browser",
    "CachePurge": ".runtime.access_and_cache",
    "Clock": "._clock",
    "ConfigError": ".config.errors",
    "ConfigWarning": ".config.errors",
    "DataPoint": ".fakes.analytics",
    "DeliveredBatch": ".fakes.queue_broker",
    "DeliveredMessage": ".fakes.queue_broker",
    "EmailOutcome": ".runtime.incoming_email",
    "FakeContainer": ".fakes.containers",
    "FakeRuntime": ".runtime.fake_runtime",
    "Faults": "._faults",
    "ForwardedEmail": ".runtime.incoming_email",
    "ImageOutput": ".fakes.images",
    "MediaOutput": ".fakes.media",
    "QueueConsumer": ".fakes.queues",
    "RepliedEmail": ".runtime.incoming_email",
    "Route": ".runtime.network",
    "ScheduledOutcome": ".runtime.events",
    "SentEmail": ".fakes.email",
    "StepRecord": ".fakes.workflows.script",
    "TcpRoute": ".runtime.tcp",
    "TcpWriter": ".runtime.tcp",
    "WorkflowInstanceIntrospector": ".fakes.workflows.script",
    "WorkflowIntrospector": ".fakes.workflows.script",
    "ai": ".fakes.ai_script",
    "ai_search": ".fakes.ai_search",
    "analytics_sql": ".fakes.analytics",
    "assets": ".fakes.assets",
    "browser": ".fakes.browser",
    "cache_purges": ".runtime.access_and_cache",
    "container": ".fakes.containers",
    "data_points": ".fakes.analytics",
    "dispatch_namespace": ".fakes.dispatch_namespaces",
    "fake": "._fake",
    "faults": "._faults",
    "flags": ".fakes.flagship",
    "hyperdrive": ".fakes.hyperdrive",
    "image_outputs": ".fakes.images",
    "introspect_container": ".fakes.containers",
    "introspect_workflow": ".fakes.workflows.script",
    "media_outputs": ".fakes.media",
    "push_commit": ".fakes.artifacts",
    "queued": ".fakes.queues",
    "rate_limit": ".fakes.rate_limit",
    "secret": ".fakes.secrets_store",
    "send_email": ".fakes.email",
    "sent_emails": ".fakes.email",
    "sent_records": ".fakes.pipelines",
    "signed_in": ".runtime.access_and_cache",
    "vectorize": ".fakes.vectorize",
    "vectors": ".fakes.vectorize",
    "worker_loader": ".fakes.worker_loader",
}

if not TYPE_CHECKING:  # type checkers take the names above for public
    __all__ = list(_HOMES)


def __getattr__(name: str) -> Any:  # so that pytest's plugin costs nothing where it is not used
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module("._install", __name__).install()
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
