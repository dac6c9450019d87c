"""Refuse randomness before the first request, and patch the standard library for that."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from typing import Any

from . import import_patch_manager
from .allow_entropy import allow_bad_entropy_calls, is_refused
from .import_patch_manager import block_calls, register_before_first_request, register_exec_patch

_EIO = 29  # of Emscripten

_urandom = os.urandom


def _refused_urandom(size: int) -> bytes:
    # The platform's refusal ends the isolate; production turns this one into an exception.
    if is_refused():
        raise OSError(_EIO, "Cannot get entropy outside of request context")
    return _urandom(size)


@register_exec_patch("random")
@contextmanager
def _random(random: Any) -> Generator[None]:
    with allow_bad_entropy_calls(10):
        yield
    block_calls(random, allowlist=("Random", "SystemRandom"))


@register_before_first_request("random")
def _seed_random(random: Any) -> None:
    random.seed()


@register_exec_patch("_random")
@contextmanager
def _seed_is_refused(module: Any) -> Generator[None]:
    yield
    seed = module.Random.seed

    def checked(self: Any, *value: Any) -> Any:
        if (not value or value[0] is None) and is_refused():
            raise OSError(_EIO, "Cannot get entropy outside of request context")
        return seed(self, *value)

    module.Random.seed = checked


@register_exec_patch("multiprocessing.process")
@contextmanager
def _multiprocessing(module: Any) -> Generator[None]:
    with allow_bad_entropy_calls(1):
        yield


@register_exec_patch("tempfile")
@contextmanager
def _tempfile(module: Any) -> Generator[None]:
    yield
    names = module._RandomNameSequence
    module._RandomNameSequence = lambda: (f"{number:08}" for number in count())
    register_before_first_request("tempfile", lambda it: setattr(it, "_RandomNameSequence", names))


def before_top_level() -> None:
    """Begin the import phase."""
    os.urandom = _refused_urandom
    import_patch_manager.install()


def before_first_request() -> None:
    """End the import phase."""
    os.urandom = _urandom
    import_patch_manager.end()
