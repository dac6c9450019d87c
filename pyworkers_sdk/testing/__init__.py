"""Run a Worker, or any part of it, on plain CPython: ``fake()`` and ``FakeRuntime``.

::

    kv = fake(KV)                                   # an empty namespace
    env = fake(AppEnv, API_KEY="k")                 # every binding of an Env, one clock
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k")
    response = await runtime.fetch("https://example.com/")

The fakes imitate the JavaScript API underneath, so the public classes do here what they do in
production. tests/contract proves that the fakes and the real runtime agree.
"""

from __future__ import annotations

from ._clock import Clock
from ._runtime import FakeRuntime, fake

__all__ = ["Clock", "FakeRuntime", "fake"]
