"""pytest fixtures: a Worker on the fakes, as its wrangler configuration says.

::

    async def test_the_page(runtime: FakeRuntime[AppEnv]) -> None:
        response = await runtime.fetch("https://example.com/")
        assert response.status == 200

``runtime`` is a new ``FakeRuntime`` for each test: every binding is empty but for D1's migrations,
and nothing that a test puts there is seen by the next. ``env`` is its Env, ``clock`` its clock. At
the end of a test the runtime is drained, so what a handler left to ``ctx.wait_until`` has ended,
and if it failed the test has an error.

The Worker's modules are imported once, as pytest imports everything else and as an isolate does
between requests: what they keep in globals is there in the next test. ``fresh=True`` imports them
anew for each test.

The configuration is the nearest ``wrangler.json``, ``.jsonc`` or ``.toml`` from the test's file
upwards, or the ini option ``worker_config``. Options of ``FakeRuntime.from_config`` are given by
the marker, for a test, a class or a module, and by the fixture ``worker_options`` for a folder::

    @pytest.mark.worker(environment="staging", vars={"API_KEY": "k"})
    async def test_staging(env: AppEnv) -> None: ...

    @pytest.fixture
    def worker_options() -> dict[str, Any]:
        return {"vars": {"API_KEY": "k"}}
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Clock, FakeRuntime

_async_fixture: Callable[..., Any] | None
try:
    from pytest_asyncio import fixture as _async_fixture
except ImportError:  # the package is installed without its extra, and pytest for something else
    _async_fixture = None

__all__ = ["clock", "env", "runtime", "worker_options"]

_MARKER = """worker(config=None, *, environment=None, env=None, vars={}, also=[], fresh=False): \
how the runtime fixture makes the Worker. config: the path of a wrangler configuration, looked for \
from the test's folder upwards; environment: one of its environments; env: an Env class in place \
of the Worker's; vars: variables, secrets and bindings; also: the configurations of Workers that \
it is bound to; fresh: import the Worker's modules anew."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "worker_config",
        "the wrangler configuration of the runtime fixture, from the rootdir (default: the nearest "
        "from a test's file upwards)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def clock() -> Clock:
    """The clock of ``runtime``; a fixture of this name may give one that starts elsewhere."""
    from . import Clock

    return Clock()


@pytest.fixture
def worker_options() -> dict[str, Any]:
    """Options of ``runtime`` for all tests here; the marker's count more. See the marker."""
    return {}


async def _runtime(
    request: pytest.FixtureRequest, clock: Clock, worker_options: dict[str, Any]
) -> AsyncIterator[FakeRuntime[Any]]:
    """The Worker on the fakes, new for each test and drained at its end."""
    from . import FakeRuntime

    options = _options(request.node, worker_options)
    path = _config(request, options.pop("config", None))
    given = options.pop("vars", {})
    also = [_upwards(request, each) for each in options.pop("also", ())]
    made = FakeRuntime.from_config(path, clock=clock, also=also, **options, **given)
    yield made
    await made.drain()


@pytest.fixture
def env(runtime: FakeRuntime[Any]) -> Any:
    """The Env of ``runtime``."""
    return runtime.env


def _no_runtime() -> None:
    pytest.fail("it needs: pip install 'pyworkers-sdk[testing]'", pytrace=False)


runtime: Any = (
    pytest.fixture(_no_runtime, name="runtime")
    if _async_fixture is None
    else _async_fixture(_runtime, name="runtime")
)


def _options(node: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The fixture's options, with those of each marker over them, the nearest last."""
    made = _checked("worker_options", **options)
    for marker in reversed([*node.iter_markers("worker")]):
        said = _checked("worker", *marker.args, **marker.kwargs)
        made = {**made, **said, "vars": {**made.get("vars", {}), **said.get("vars", {})}}
    return made


def _checked(where: str, /, *args: Any, **options: Any) -> dict[str, Any]:
    known = ("config", "environment", "env", "vars", "also", "fresh")
    unknown = [name for name in options if name not in known] or args[1:]
    if unknown:
        said = ", ".join(map(str, unknown))
        pytest.fail(f"{where} takes {', '.join(known)}; not {said}", pytrace=False)
    return {**dict(zip(("config",), args)), **options}


def _config(request: pytest.FixtureRequest, given: Any) -> Path:
    """The configuration that the marker, the ini file or the place of the test names."""
    from .config.config import NAMES, find

    if given is not None:
        return _upwards(request, given)
    said: str = request.config.getini("worker_config")
    if said:
        return request.config.rootpath / said
    found = find(request.path.parent)
    if found is None:
        names = ", ".join(NAMES)
        pytest.fail(f"none of {names} from {request.path.parent} upwards", pytrace=False)
    return found


def _upwards(request: pytest.FixtureRequest, path: str | PathLike[str]) -> Path:
    folder = request.path.parent
    for each in (folder, *folder.parents):
        if (each / path).is_file():
            return each / path
    return folder / path
