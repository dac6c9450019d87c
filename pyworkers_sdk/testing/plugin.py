"""pytest fixtures: a Worker on the fakes, made from its wrangler configuration.

::

    async def test_the_page(runtime: FakeRuntime[AppEnv]) -> None:
        response = await runtime.fetch("https://example.com/")
        assert response.status == 200

``runtime`` is a new ``FakeRuntime`` for each test. Every binding is empty, except that D1 databases
have their migrations applied. No test sees the data of another. ``env`` is the runtime's Env,
``clock`` its clock. At the end of a test the runtime is drained: work passed to ``ctx.wait_until``
ends, and if it fails the test has an error.

The Worker's modules are imported once, as pytest imports everything else, and as an isolate does
between requests. So their globals survive into the next test. ``fresh=True`` imports them anew for
each test.

The configuration is the nearest ``wrangler.json``, ``.jsonc`` or ``.toml`` in the folder of the
test's file or its parents, or the file named by the ini option ``worker_config``. The marker
``worker`` passes options of ``FakeRuntime.from_config`` for a test, a class or a module. The
fixture ``worker_options`` passes options for a folder::

    @pytest.mark.worker(environment="staging", vars={"API_KEY": "k"})
    async def test_staging(env: AppEnv) -> None: ...

    @pytest.fixture
    def worker_options() -> dict[str, Any]:
        return {"vars": {"API_KEY": "k"}}
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Clock, FakeRuntime

_async_fixture: Callable[..., Any] | None
try:
    from pytest_asyncio import fixture as _async_fixture
except ImportError:  # the package is installed without its extra, and pytest for other tests
    _async_fixture = None

__all__ = ["clock", "env", "runtime", "worker_options"]

_MARKER = """worker(config=None, *, environment=None, env=None, vars={}, also=[], fresh=False): \
options of the runtime fixture. config: the path of a wrangler configuration, relative to the \
test's folder or one of its parents; environment: the name of an environment in it; env: an Env \
class in place of the Worker's; vars: variables, secrets and bindings; also: the configurations of \
Workers that the Worker is bound to; fresh: import the Worker's modules anew."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "worker_config",
        "the wrangler configuration of the runtime fixture, relative to the rootdir (default: the "
        "nearest in the folder of the test's file or its parents)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hide the frames of this package, and report a ConfigError of a fixture by its message.

    The message names the file and the line.
    """
    if call.excinfo is not None:
        from ._frames import hide_own_frames

        hide_own_frames(call.excinfo.value)
    report = yield
    if call.when == "setup" and call.excinfo is not None:
        from .config.errors import ConfigError

        if call.excinfo.errisinstance(ConfigError):
            message = f"ConfigError: {call.excinfo.value}"
            representation: Any = call.excinfo.getrepr(style="value")
            representation.reprtraceback.reprentries[0].lines[:] = message.split("\n")
            representation.reprcrash.message = message
            report.longrepr = representation
    return report


@pytest.fixture
def clock() -> Clock:
    """Return the clock of ``runtime``. Override this fixture to start at another time."""
    from . import Clock

    return Clock()


@pytest.fixture
def worker_options() -> dict[str, Any]:
    """Return options of ``runtime``. Override this fixture to set them for a folder.

    The marker ``worker`` has the same options, and takes precedence.
    """
    return {}


async def _runtime(
    request: pytest.FixtureRequest, clock: Clock, worker_options: dict[str, Any]
) -> AsyncIterator[FakeRuntime[Any]]:
    """Yield a new runtime of the Worker, and drain it at the end of the test."""
    from . import FakeRuntime

    options = _options(request.node, worker_options)
    path = _config(request, options.pop("config", None))
    variables = options.pop("vars", {})
    also = [_find_upwards(request, other) for other in options.pop("also", ())]
    runtime = FakeRuntime.from_config(path, clock=clock, also=also, **options, **variables)
    yield runtime
    await runtime.drain()


@pytest.fixture
def env(runtime: FakeRuntime[Any]) -> Any:
    """Return the Env of ``runtime``."""
    return runtime.env


def _no_runtime() -> None:
    pytest.fail("the fixture needs: pip install 'pyworkers-sdk[testing]'", pytrace=False)


runtime: Any = (
    pytest.fixture(_no_runtime, name="runtime")
    if _async_fixture is None
    else _async_fixture(_runtime, name="runtime")
)


def _options(node: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Merge the options of the fixture and of the markers. The nearest marker wins."""
    merged = _checked("worker_options", **options)
    for marker in reversed([*node.iter_markers("worker")]):
        own = _checked("worker", *marker.args, **marker.kwargs)
        merged = {**merged, **own, "vars": {**merged.get("vars", {}), **own.get("vars", {})}}
    return merged


def _checked(origin: str, /, *args: Any, **options: Any) -> dict[str, Any]:
    """Return the options of a marker or fixture as a dict; fail the test for an unknown one."""
    known = ("config", "environment", "env", "vars", "also", "fresh")
    unknown = [name for name in options if name not in known] or args[1:]
    if unknown:
        names = ", ".join(map(str, unknown))
        pytest.fail(f"{origin}: expected {', '.join(known)}, got {names}", pytrace=False)
    return {**dict(zip(("config",), args)), **options}


def _config(request: pytest.FixtureRequest, path: Any) -> Path:
    """Return the configuration of a test: the option ``config``, the ini option, or the nearest."""
    from .config.config import NAMES, find

    if path is not None:
        return _find_upwards(request, path)
    ini: str = request.config.getini("worker_config")
    if ini:
        return request.config.rootpath / ini
    nearest = find(request.path.parent)
    if nearest is None:
        names = ", ".join(NAMES)
        folder = request.path.parent
        pytest.fail(f"missing {names} in {folder} and its parents", pytrace=False)
    return nearest


def _find_upwards(request: pytest.FixtureRequest, path: str | PathLike[str]) -> Path:
    folder = request.path.parent
    for parent in (folder, *folder.parents):
        if (parent / path).is_file():
            return parent / path
    return folder / path  # it is missing: the error names the path beside the test
