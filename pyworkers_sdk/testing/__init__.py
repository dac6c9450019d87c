"""Run a Worker, or any part of it, on plain CPython: ``fake()`` and ``FakeRuntime``.

::

    kv = fake(KV)                                   # an empty namespace
    env = fake(AppEnv, API_KEY="k")                 # every binding of an Env, one clock
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    response = await runtime.fetch("https://example.com/")
    runtime.clock.advance(5)
    delivered = await runtime.drain()               # batches that were due, waitUntil's work
    faults(runtime.env.CACHE).fail("KV PUT failed: 429 Too Many Requests")

The fakes imitate the JavaScript API underneath, so the public classes do here what they do in
production. tests/contract proves that the fakes and the real runtime agree.
"""

from __future__ import annotations

from ._clock import Clock
from ._faults import Faults, faults
from ._queues import DeliveredBatch, DeliveredMessage, QueueConsumer, queued
from ._runtime import FakeRuntime, fake

__all__ = [
    "Clock",
    "DeliveredBatch",
    "DeliveredMessage",
    "FakeRuntime",
    "Faults",
    "QueueConsumer",
    "fake",
    "faults",
    "queued",
]
