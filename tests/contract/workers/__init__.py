"""The Workers that contract checks drive: their classes, and the env that binds them.

They run unchanged in every world that runs Workers: behind ``FakeRuntime`` in the fake world, and
exported by ``tests/real/worker.py`` in workerd. ``tests/real/worlds.py`` configures their bindings.
"""

from __future__ import annotations

from pyworkers_sdk import Env


class AppEnv(Env):
    """What a check's argument ``app`` is."""
