"""``fake(T)``: from a type to something that works like it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar, get_args, get_origin

from .. import _row_types as _rows
from .._border import raw
from ..env import Env, hints
from ._clock import Clock
from ._row_verification import verify
from .runtime.host import Host, Script, settled

__all__ = ["fake"]

_rows.verify = verify

T = TypeVar("T")

_FAKES = {
    "AI": ("fakes.ai", "FakeAi"),
    "AgentMemory": ("fakes.agent_memory", "FakeAgentMemoryNamespace"),
    "AiSearchInstance": ("fakes.ai_search", "FakeAiSearchInstance"),
    "AiSearchNamespace": ("fakes.ai_search", "FakeAiSearchNamespace"),
    "Artifacts": ("fakes.artifacts", "FakeArtifacts"),
    "WebSearch": ("fakes.web_search", "FakeWebSearch"),
    "KV": ("fakes.kv", "FakeKVNamespace"),
    "D1": ("fakes.d1", "FakeD1Database"),
    "R2": ("fakes.r2", "FakeR2Bucket"),
    "Queue": ("fakes.queues", "FakeQueue"),
    "Vectorize": ("fakes.vectorize", "FakeVectorize"),
    "VectorizeIndex": ("fakes.vectorize", "FakeVectorizeIndex"),
    "DispatchNamespace": ("fakes.dispatch_namespaces", "FakeDispatchNamespace"),
    "Flagship": ("fakes.flagship", "FakeFlagship"),
    "Hyperdrive": ("fakes.hyperdrive", "FakeHyperdrive"),
    "WorkerLoader": ("fakes.worker_loader", "FakeWorkerLoader"),
    "AnalyticsEngineDataset": ("fakes.analytics", "FakeAnalyticsEngineDataset"),
    "AnalyticsSQL": ("fakes.analytics", "FakeAnalyticsSQL"),
    "Browser": ("fakes.browser", "FakeBrowserRun"),
    "Images": ("fakes.images", "FakeImagesBinding"),
    "Media": ("fakes.media", "FakeMediaBinding"),
    "Stream": ("fakes.stream_video", "FakeStreamBinding"),
    "Pipeline": ("fakes.pipelines", "FakePipeline"),
    "RateLimit": ("fakes.rate_limit", "FakeRateLimit"),
    "SecretsStoreSecret": ("fakes.secrets_store", "FakeSecretsStoreSecret"),
    "SendEmail": ("fakes.email", "FakeSendEmail"),
    "VersionMetadata": ("fakes.version_metadata", "FakeVersionMetadata"),
}
"""Bindings that hold data: made with a clock alone."""

_RUNNING: dict[str, tuple[str, str]] = {
    "DurableObjectNamespace": ("fakes.durable.namespace", "bound"),
    "Assets": ("fakes.assets", "bound"),
    "Fetcher": ("runtime.services", "bound"),
    "Service": ("runtime.services", "bound"),
    "Workflow": ("fakes.workflows.workflow", "workflow"),
}
"""Bindings that run a Worker's code: made by a function of what is in the brackets of the
annotation, the binding's name and the Worker that it is bound to."""


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """A ``kind`` over memory: a binding class, or an ``Env`` with everything that it declares.

    ``given`` are an Env's variables, and bindings that should not be new ones.
    """
    host = _host(given, clock)
    script = Script(host, host.name("worker"))
    make: Any = get_origin(kind) or kind  # Queue, of Queue[Job]
    if not isinstance(make, type):
        raise TypeError(f"fake() takes the class of a binding, or an Env; not {kind!r}")
    is_env = Env in make.__mro__
    if given and not is_env:
        raise TypeError(f"fake({make.__name__}) takes no {', '.join(given)}")
    if is_env:
        _bind(script, make, given)
    made: T = make(script.env if is_env else _binding(kind, "", script))
    return made


def _bind(script: Script, kind: type[Env], given: dict[str, Any]) -> None:
    """Give a Worker what an Env class declares."""
    declared = hints(kind)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TypeError(f"{kind.__name__} does not declare {', '.join(unknown)}")
    for name, hint in declared.items():
        if name in given:
            ready = _given_service(given[name]) if _is_service(hint) else raw(given[name])
            setattr(script.env, name, settled(ready, script.host))
            continue
        for one in (hint, *get_args(hint)):  # X, of X | None
            if hasattr(get_origin(one) or one, "js_object"):
                setattr(script.env, name, _binding(one, name, script))
                break


# Services are for Workers that have others: a KV in a test does without.


def _host(given: dict[str, Any], clock: Clock | None) -> Host:
    if not given:
        return Host(clock)
    from .runtime.services import host_for

    return host_for(given.values(), clock)


def _given_service(value: Any) -> Any:
    from .runtime.services import given

    return given(value)


def _is_service(hint: Any) -> bool:
    from ..services import Fetcher

    return any(
        isinstance(one, type) and issubclass(one, Fetcher)
        for each in (hint, *get_args(hint))  # X, of X | None
        for one in (get_origin(each) or each,)
    )


def _binding(hint: Any, name: str, script: Script) -> Any:
    kind = (get_origin(hint) or hint).__name__
    if kind in _RUNNING:
        import_module(".runtime.exports", __package__)
        module, maker = _RUNNING[kind]
        return getattr(import_module(f".{module}", __package__), maker)(
            get_args(hint), name, script
        )
    if kind not in _FAKES:
        raise TypeError(f"there is no fake of {kind}")
    module, maker = _FAKES[kind]
    made = getattr(import_module(f".{module}", __package__), maker)(clock=script.host.clock)
    made.clock = script.host.clock  # where faults() looks for it
    return settled(made, script.host)
