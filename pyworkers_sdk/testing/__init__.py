"""Run a Worker, or any part of it, on plain CPython: ``fake()`` and ``FakeRuntime``.

::

    kv = fake(KV)                                   # an empty namespace
    env = fake(AppEnv, API_KEY="k")                 # every binding of an Env, one clock
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    runtime = FakeRuntime.from_config("wrangler.jsonc", API_KEY="k")
    response = await runtime.fetch("https://example.com/")
    runtime.clock.advance(5)
    delivered = await runtime.drain()               # batches that were due, waitUntil's work
    faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests")
    room = runtime.env.ROOMS.get_by_name("a")       # a Durable Object
    await runtime.evict(room)                       # its memory is gone, its storage stays
    await runtime.run_in_durable_object(room, look) # look(instance), to see inside

The fakes imitate the JavaScript API underneath, so the public classes do here what they do in
production. tests/contract proves that the fakes and the real runtime agree.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._clock import Clock as Clock
    from ._fake import fake as fake
    from ._faults import Faults as Faults, faults as faults
    from .config.config import ConfigError as ConfigError
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
    from .fakes.queues import (
        DeliveredBatch as DeliveredBatch,
        DeliveredMessage as DeliveredMessage,
        QueueConsumer as QueueConsumer,
        queued as queued,
    )
    from .fakes.rate_limit import rate_limit as rate_limit
    from .fakes.secrets_store import secret as secret
    from .fakes.vectorize import vectorize as vectorize, vectors as vectors
    from .fakes.web_search import web_results as web_results
    from .fakes.worker_loader import worker_loader as worker_loader
    from .fakes.workflows.workflow import (
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

_MODULES = {
    "fakes.ai_script": "AICall AIScript ai",
    "fakes.ai_search": "AiSearchScript ai_search",
    "fakes.analytics": "AnalyticsQuery AnalyticsScript DataPoint analytics_sql data_points",
    "fakes.artifacts": "push_commit",
    "fakes.assets": "assets",
    "fakes.browser": "BrowserCall BrowserScript browser",
    "_clock": "Clock",
    "config.config": "ConfigError",
    "fakes.containers": "FakeContainer container introspect_container",
    "fakes.dispatch_namespaces": "dispatch_namespace",
    "runtime.access_and_cache": "CachePurge cache_purges signed_in",
    "fakes.email": "SentEmail send_email sent_emails",
    "runtime.events": "ScheduledOutcome",
    "_fake": "fake",
    "_faults": "Faults faults",
    "fakes.flagship": "flags",
    "fakes.hyperdrive": "hyperdrive",
    "fakes.images": "ImageOutput image_outputs",
    "runtime.incoming_email": "EmailOutcome ForwardedEmail RepliedEmail",
    "fakes.media": "MediaOutput media_outputs",
    "runtime.network": "Route",
    "fakes.pipelines": "sent_records",
    "fakes.queues": "DeliveredBatch DeliveredMessage QueueConsumer queued",
    "fakes.rate_limit": "rate_limit",
    "runtime.fake_runtime": "FakeRuntime",
    "fakes.secrets_store": "secret",
    "runtime.tcp": "TcpRoute TcpWriter",
    "fakes.vectorize": "vectorize vectors",
    "fakes.web_search": "web_results",
    "fakes.worker_loader": "worker_loader",
    "fakes.workflows.workflow": (
        "StepRecord WorkflowInstanceIntrospector WorkflowIntrospector introspect_workflow"
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}
if not TYPE_CHECKING:  # which take the names above for public
    __all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:  # so that pytest's plugin costs nothing where it is not used
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module("._install", __name__).install()
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
