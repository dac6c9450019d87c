"""Connect the package to the fake runtime: the only place that changes other modules."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from .._cpython import environment
from . import _libraries
from ._answers import answer_names
from .runtime import blocking_calls, host, http_clients, missing_openssl
from .runtime.host import Script, current_host

__all__ = ["install"]


@cache
def install() -> None:
    """Install the fake runtime's environment and its ``ctx.exports``.

    In a Worker, libraries that need threads, a network or OpenSSL behave as in production.

    Public classes answer JavaScript's names from then on.

    Loading any name of ``pyworkers_sdk.testing`` calls this function. Only the first call acts.
    """
    environment.install(_current, _entered)
    host.install_exports(_exports)
    changes = blocking_calls, http_clients, missing_openssl
    _libraries.install(patch for module in changes for patch in module.PATCHES.items())
    answer_names()


def _current() -> environment.Environment:
    running = current_host()
    if running is None:
        return environment.NoEnvironment()
    from .runtime.network import Outbound  # most unit tests need no network

    return running.shared(Outbound)


def _entered() -> Callable[[], AbstractContextManager[None]]:
    running = current_host()
    return nullcontext if running is None else running.entered


def _exports(script: Script) -> Any:
    from .runtime.exports import FakeExports  # needs services and Durable Objects

    return FakeExports(script)
