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
    from ._ai_script import AICall as AICall, AIScript as AIScript, ai as ai
    from ._ai_search import AiSearchScript as AiSearchScript, ai_search as ai_search
    from ._analytics import (
        AnalyticsQuery as AnalyticsQuery,
        AnalyticsScript as AnalyticsScript,
        DataPoint as DataPoint,
        analytics_sql as analytics_sql,
        data_points as data_points,
    )
    from ._artifacts import push_commit as push_commit
    from ._assets import assets as assets
    from ._browser import (
        BrowserCall as BrowserCall,
        BrowserScript as BrowserScript,
        browser as browser,
    )
    from ._clock import Clock as Clock
    from ._config import ConfigError as ConfigError
    from ._containers import (
        FakeContainer as FakeContainer,
        container as container,
        introspect_container as introspect_container,
    )
    from ._dispatch import dispatch_namespace as dispatch_namespace
    from ._edge import (
        CachePurge as CachePurge,
        cache_purges as cache_purges,
        signed_in as signed_in,
    )
    from ._email import SentEmail as SentEmail, send_email as send_email, sent_emails as sent_emails
    from ._events import ScheduledOutcome as ScheduledOutcome
    from ._fakes import fake as fake
    from ._faults import Faults as Faults, faults as faults
    from ._flagship import flags as flags
    from ._hyperdrive import hyperdrive as hyperdrive
    from ._images import ImageOutput as ImageOutput, image_outputs as image_outputs
    from ._incoming_email import (
        EmailOutcome as EmailOutcome,
        ForwardedEmail as ForwardedEmail,
        RepliedEmail as RepliedEmail,
    )
    from ._media import MediaOutput as MediaOutput, media_outputs as media_outputs
    from ._outbound import Route as Route
    from ._pipelines import sent_records as sent_records
    from ._queues import (
        DeliveredBatch as DeliveredBatch,
        DeliveredMessage as DeliveredMessage,
        QueueConsumer as QueueConsumer,
        queued as queued,
    )
    from ._ratelimit import rate_limit as rate_limit
    from ._runtime import FakeRuntime as FakeRuntime
    from ._secrets_store import secret as secret
    from ._tcp import TcpRoute as TcpRoute, TcpWriter as TcpWriter
    from ._vectorize import vectorize as vectorize, vectors as vectors
    from ._web_search import web_results as web_results
    from ._worker_loader import worker_loader as worker_loader
    from ._workflows import (
        StepRecord as StepRecord,
        WorkflowInstanceIntrospector as WorkflowInstanceIntrospector,
        WorkflowIntrospector as WorkflowIntrospector,
        introspect_workflow as introspect_workflow,
    )

_MODULES = {
    "_ai_script": "AICall AIScript ai",
    "_ai_search": "AiSearchScript ai_search",
    "_analytics": "AnalyticsQuery AnalyticsScript DataPoint analytics_sql data_points",
    "_artifacts": "push_commit",
    "_assets": "assets",
    "_browser": "BrowserCall BrowserScript browser",
    "_clock": "Clock",
    "_config": "ConfigError",
    "_containers": "FakeContainer container introspect_container",
    "_dispatch": "dispatch_namespace",
    "_edge": "CachePurge cache_purges signed_in",
    "_email": "SentEmail send_email sent_emails",
    "_events": "ScheduledOutcome",
    "_fakes": "fake",
    "_faults": "Faults faults",
    "_flagship": "flags",
    "_hyperdrive": "hyperdrive",
    "_images": "ImageOutput image_outputs",
    "_incoming_email": "EmailOutcome ForwardedEmail RepliedEmail",
    "_media": "MediaOutput media_outputs",
    "_outbound": "Route",
    "_pipelines": "sent_records",
    "_queues": "DeliveredBatch DeliveredMessage QueueConsumer queued",
    "_ratelimit": "rate_limit",
    "_runtime": "FakeRuntime",
    "_secrets_store": "secret",
    "_tcp": "TcpRoute TcpWriter",
    "_vectorize": "vectorize vectors",
    "_web_search": "web_results",
    "_worker_loader": "worker_loader",
    "_workflows": (
        "StepRecord WorkflowInstanceIntrospector WorkflowIntrospector introspect_workflow"
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}
if not TYPE_CHECKING:  # which take the names above for public
    __all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:  # so that pytest's plugin costs nothing where it is not used
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOME[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
