"""The registry of bindings: public class, section of the configuration, and fake.

The rows are in the alphabetical order of the public classes.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["BINDINGS", "SECTIONS", "Binding", "binding_of"]


class Binding(NamedTuple):
    """A row of the registry: how to find the fake of a binding."""

    name: str
    """The name of the public class, as an Env annotates it."""
    section: str = ""
    """The key in a wrangler configuration, if there is one."""
    module: str = ""
    """The fake's module below ``testing``, if there is a fake."""
    fake: str = ""
    """The fake's class, called as ``Fake(clock=…)``. Without it, the module's function
    ``bound(hints, name, script)`` makes the fake. ``hints`` are the types in the brackets of the
    annotation."""
    shared_by: tuple[str, ...] = ()
    """The settings that identify the resource: bindings with equal values share one fake."""
    configured: bool = False
    """True if the module's function ``configured(bound, worker)`` makes a configuration's fake."""

    def load(self, name: str) -> Any:
        """Return a name of the fake's module, imported when it is first needed."""
        return getattr(import_module(f".{self.module}", __package__), name)


BINDINGS = (
    Binding("AI", "ai", "fakes.ai", "FakeAi"),
    Binding(
        "AgentMemory",
        "agent_memory",
        "fakes.agent_memory",
        "FakeAgentMemoryNamespace",
        shared_by=("namespace",),
    ),
    Binding(
        "AiSearchInstance", "ai_search", "fakes.ai_search", "FakeAiSearchInstance", configured=True
    ),
    Binding(
        "AiSearchNamespace",
        "ai_search_namespaces",
        "fakes.ai_search",
        "FakeAiSearchNamespace",
        shared_by=("namespace",),
    ),
    Binding(
        "AnalyticsEngineDataset",
        "analytics_engine_datasets",
        "fakes.analytics",
        "FakeAnalyticsEngineDataset",
        shared_by=("dataset",),
    ),
    Binding("AnalyticsSQL", "analytics", "fakes.analytics", "FakeAnalyticsSQL"),
    Binding("Artifacts", "artifacts", "fakes.artifacts", "FakeArtifacts", shared_by=("namespace",)),
    Binding("Assets", "assets", "fakes.assets", configured=True),
    Binding("Browser", "browser", "fakes.browser", "FakeBrowserRun"),
    Binding("D1", "d1_databases", "fakes.d1", "FakeD1Database", configured=True),
    Binding(
        "DispatchNamespace",
        "dispatch_namespaces",
        "fakes.dispatch_namespaces",
        "FakeDispatchNamespace",
        shared_by=("namespace",),
    ),
    Binding(
        "DurableObjectNamespace",
        "durable_objects.bindings",
        "fakes.durable.namespace",
        configured=True,
    ),
    Binding("Fetcher", "", "runtime.services"),
    Binding("Fetcher", "mtls_certificates", "fakes.fetchers", configured=True),
    Binding("Fetcher", "vpc_networks", "fakes.fetchers", configured=True),
    Binding("Fetcher", "vpc_services", "fakes.fetchers", configured=True),
    Binding("Flagship", "flagship", "fakes.flagship", "FakeFlagship", shared_by=("app_id",)),
    Binding("HelloWorld", "unsafe_hello_world"),
    Binding("Hyperdrive", "hyperdrive", "fakes.hyperdrive", "FakeHyperdrive", configured=True),
    Binding("Images", "images", "fakes.images", "FakeImagesBinding"),
    Binding("K2", "k2"),
    Binding("KV", "kv_namespaces", "fakes.kv", "FakeKVNamespace", shared_by=("id",)),
    Binding("Media", "media", "fakes.media", "FakeMediaBinding"),
    Binding(
        "Pipeline",
        "pipelines",
        "fakes.pipelines",
        "FakePipeline",
        shared_by=(
            "stream",
            "pipeline",
        ),
    ),
    Binding("Queue", "queues.producers", "fakes.queues", "FakeQueue", configured=True),
    Binding("R2", "r2_buckets", "fakes.r2", "FakeR2Bucket", shared_by=("bucket_name",)),
    Binding("RateLimit", "ratelimits", "fakes.rate_limit", "FakeRateLimit", configured=True),
    Binding(
        "SecretsStoreSecret",
        "secrets_store_secrets",
        "fakes.secrets_store",
        "FakeSecretsStoreSecret",
        configured=True,
    ),
    Binding("SendEmail", "send_email", "fakes.email", "FakeSendEmail", configured=True),
    Binding("Service", "services", "runtime.services", configured=True),
    Binding("Stream", "stream", "fakes.stream_video", "FakeStreamBinding"),
    Binding(
        "Vectorize", "vectorize", "fakes.vectorize", "FakeVectorize", shared_by=("index_name",)
    ),
    Binding("VectorizeIndex", "", "fakes.vectorize", "FakeVectorizeIndex"),
    Binding(
        "VersionMetadata",
        "version_metadata",
        "fakes.version_metadata",
        "FakeVersionMetadata",
        configured=True,
    ),
    Binding("WorkerLoader", "worker_loaders", "fakes.worker_loader", "FakeWorkerLoader"),
    Binding("Workflow", "workflows", "fakes.workflows.workflow", configured=True),
    Binding("Any", "unsafe.bindings"),
)
SECTIONS = {binding.section: binding for binding in BINDINGS if binding.section}


def binding_of(name: str) -> Binding | None:
    """Return the binding whose public class has this name; None if no fake of it exists."""
    return next((binding for binding in BINDINGS if binding.name == name and binding.module), None)
