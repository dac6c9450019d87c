"""Start the real worlds (Pyodide in Node and in workerd), send checks to them, and stop them."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import http.client
import itertools
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from scripts import production
from tests.contract.consumer import SETTINGS
from tests.contract.kit import METRICS, VARIABLES
from tests.contract.workers.assets import HANDLING, SITE
from tests.contract.workers.configured import OPTIONS as CONFIGURED

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = HERE / ".cache"

RUNTIME_SDK = "workers-runtime-sdk==1.9.5"
CROSSWIND = "crosswind-workers==0.2.0"
WRANGLER, NODE = "wrangler@4.164.0", "node@22.23.3"
PYDANTIC = "pydantic==2.14.3"
# The newest date of each Python: production has Pyodide 314 from 2026-09-08 on.
DATES = {"0.26": "2025-09-28", "0.28": "2026-09-07", "314": "2026-11-17"}
# The bindings that tests/contract/kit.py expects, by their names.
OPTIONS: dict[str, Any] = {
    "bindings": VARIABLES,
    "kvNamespaces": ["KV"],
    "d1Databases": ["DB"],
    "r2Buckets": ["R2"],
    "queueProducers": {"QUEUE": "queue", "HELD": "held"},
    "vectorize": METRICS,  # to the service of tests/real/vectorize.mjs
    # HELD delivers as late as possible. It has a consumer because a queue without one checks
    # nothing.
    "queueConsumers": {**SETTINGS, "held": {"maxBatchSize": 100, "maxBatchTimeout": 60}},
    **CONFIGURED,
}

# The exports and bindings of tests/real/worker.py. Only the workerd worlds have them, because the
# Worker of the Node worlds is JavaScript.
EXPORTS = {
    "Admin": "WorkerEntrypoint",
    "Alarmed": "DurableObject",
    "Around": "WorkerEntrypoint",
    "Callee": "WorkerEntrypoint",
    "Counter": "DurableObject",
    "Default": "WorkerEntrypoint",
    "Inside": "DurableObject",
    "Kept": "DurableObject",
    "Nested": "DurableObject",
    "Parent": "DurableObject",
    "Room": "DurableObject",
    "OrderWorkflow": "WorkflowEntrypoint",
    "Scripted": "WorkflowEntrypoint",
}
RUNNING: dict[str, Any] = {
    "serviceBindings": {
        "ADMIN": {"name": "contract", "entrypoint": "Admin", "props": {"role": "admin"}},
        "AROUND": {"name": "contract", "entrypoint": "Around"},
        "CALLEE": {"name": "contract", "entrypoint": "Callee"},
        "PARTY": {"name": "party", "entrypoint": "Party"},
        **{name: name.lower() for name in HANDLING},
    },
    "durableObjects": {
        "ALARMED": {"className": "Alarmed", "useSQLite": True},
        "COUNTERS": {"className": "Counter", "useSQLite": True},
        "INSIDE": {"className": "Inside", "useSQLite": True},
        "KEPT": {"className": "Kept", "useSQLite": False},
        "PARENTS": {"className": "Parent", "useSQLite": True},
        "ROOMS": {"className": "Room", "useSQLite": True},
    },
    "workflows": {
        "FLOWS": {"name": "flows", "className": "Scripted"},
        "ORDERS": {"name": "orders", "className": "OrderWorkflow"},
    },
}

# Bindings of services without a local simulator: JavaScript objects with the documented API.
STAND_INS = [str(file) for file in sorted(HERE.glob("stand_ins/*.mjs"))]

# A second Worker, in JavaScript.
PARTY = {
    "name": "party",
    "script": str(HERE / "party.mjs"),
    "options": {"serviceBindings": {"CALLEE": {"name": "contract", "entrypoint": "Callee"}}},
}

# One more Worker for each way to serve static assets.
FILES = [
    {
        "name": name.lower(),
        "script": str(HERE / "assets.mjs"),
        "options": {
            "assets": {
                "workerName": name.lower(),
                "directory": str(SITE),
                "binding": "ASSETS",
                "routerConfig": {
                    "has_user_worker": True,
                    "invoke_user_worker_ahead_of_assets": True,
                },
                "assetConfig": {"html_handling": html, "not_found_handling": missing},
            }
        },
    }
    for name, (html, missing) in HANDLING.items()
]

# In the Node worlds, Python runs outside the Worker. This one only consumes every queue.
NODE_WORKER = "export default { fetch: () => new Response(), queue() {} }"


class WorldError(Exception):
    """A world did not start, died or stopped answering. The message ends with its last output."""


class Outcome(TypedDict):
    outcome: str  # passed, failed or skipped
    seconds: float
    text: str


class World:
    """A real world: a node process and its workerd, driven over HTTP and stdin."""

    def __init__(self, name: str, harness: str, spec: Mapping[str, Any]) -> None:
        self.name = name
        self.url = ""
        self._command = ["node", str(HERE / harness), "-"]
        self._spec = spec
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._ids = itertools.count(1)
        self._process: subprocess.Popen[str] | None = None

    def start(self, timeout: float = 300) -> World:
        self._stderr, path = tempfile.mkstemp()
        os.unlink(path)  # the file exists until its last user closes it
        # A new process group: stop() also reaches workerd, and Ctrl-C in a terminal does not.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            start_new_session=True,
        )
        atexit.register(self.stop)
        self._reader = threading.Thread(target=self._read, args=[self._process], daemon=True)
        self._reader.start()
        try:
            self._send(self._spec)
            self.url = self._answer(timeout)["ready"]
        except Exception as error:
            text = self.with_stderr(f"{self.name} did not start: {error}")
            self.stop()
            raise WorldError(text) from None
        return self

    def run(self, check: str, case: str | None = None, *, timeout: float = 120) -> Outcome:
        """Run a check, `module:function`, for at most `timeout` seconds.

        Raises:
            WorldError: The world did not answer. It is stopped.
        """
        start = os.fstat(self._stderr).st_size
        # The check's own timeout is shorter, so that the traceback of a hanging check arrives here.
        request = {"check": check, "world": self.name, "case": case, "timeout": timeout * 0.8}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request("POST", "/run", json.dumps(request))
            response = connection.getresponse()
            text = response.read().decode()
            if response.status != 200:
                raise OSError(f"HTTP {response.status}\n{text}")
        except (OSError, http.client.HTTPException) as error:
            message = self.with_stderr(f"{self.name} is lost: {error}", start)
            self.stop()
            raise WorldError(message) from None
        finally:
            connection.close()
        outcome: Outcome = json.loads(text)
        if outcome["outcome"] == "failed":
            # Local paths, so that editors can follow them.
            text = re.sub(r'(File ")/(?:repo|session/metadata)/', r"\1", outcome["text"])
            outcome["text"] = self.with_stderr(text, start)
        return outcome

    def admin(self, do: str, *, timeout: float = 60, **arguments: Any) -> Any:
        """Send an admin command to workerd.mjs: `admin("scheduled", worker="w", cron="…")`."""
        id = next(self._ids)
        self._send({"id": id, "do": do, **arguments})
        while (answer := self._answer(timeout)).get("id") != id:
            pass
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("result")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin
        assert process.stdout
        with suppress(OSError):
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._reader.join(5)
        process.stdout.close()
        os.close(self._stderr)
        atexit.unregister(self.stop)

    def _send(self, line: Mapping[str, Any]) -> None:
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _answer(self, timeout: float) -> Any:
        try:
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise WorldError(f"no answer in {timeout:g} s") from None
        if line is None:
            raise WorldError("the process ended")
        return json.loads(line)

    def written(self, start: int = 0) -> bytes:
        """Return the output of the Workers and the runtime, from byte `start` on."""
        # Use pread: a seek would move the offset at which the process writes.
        return os.pread(self._stderr, os.fstat(self._stderr).st_size - start, start)

    def with_stderr(self, text: str, start: int = 0) -> str:
        """Append the last 4,000 bytes of the world's output to a message."""
        start = max(start, os.fstat(self._stderr).st_size - 4000)
        tail = self.written(start).decode(errors="replace").strip()
        return f"{text}\n--- {self.name} wrote ---\n{tail}" if tail else text


class Worlds:
    """The worlds of a test run: started in the background, two at a time, and stopped together."""

    def __init__(self) -> None:
        self._starters = ThreadPoolExecutor(2, thread_name_prefix="world")
        self._starting: dict[str, Future[World]] = {}
        self._worlds: list[World] = []
        self._lost: set[str] = set()

    def prepare(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._starting:
                self._starting[name] = self._starters.submit(self._start, name)

    def run(self, name: str, check: str, case: str | None = None) -> Outcome:
        self.prepare([name])
        if name in self._lost:
            raise WorldError(f"{name} did not start: see the failure of its first check")
        try:
            world = self._starting[name].result()
        except BaseException:
            self._lost.add(name)
            raise
        try:
            return world.run(check, case)
        except WorldError:
            del self._starting[name]  # the next check gets a new world
            raise

    def stop(self) -> None:
        self._starters.shutdown(wait=False, cancel_futures=True)
        with ThreadPoolExecutor() as stoppers:
            list(stoppers.map(World.stop, self._worlds))

    def _start(self, name: str) -> World:
        install_node_modules()
        world = World(name, *specification(name))
        self._worlds.append(world)
        return world.start()


def specification(name: str) -> tuple[str, dict[str, Any]]:
    """Return the harness of a world, and its specification."""
    engine, _, pyodide = name.partition("-")
    pydantic = [str(packages_for_314(PYDANTIC))] if pyodide == "314" else []
    if engine == "node":
        return "node.mjs", {
            "pyodide": pyodide,
            "modules": [
                str(built_wheel() / "pyworkers_sdk"),
                str(ROOT / "tests"),
                str(image_headers()),
            ],
            "packages": pydantic,
            "main": "tests.real.inside",
            "options": {**OPTIONS, "compatibilityDate": DATES[pyodide], "script": NODE_WORKER},
            "stand_ins": STAND_INS,
        }
    worker = {
        "name": "contract",
        "root": str(worker_root()),
        "main": "worker.py",
        "modules": [str(built_wheel()), str(runtime_sdk()), str(image_headers()), *pydantic],
        "exports": EXPORTS,
        "stand_ins": STAND_INS,
        "options": {**OPTIONS, **RUNNING, "compatibilityDate": DATES[pyodide]},
        "outside": True,
    }
    return "workerd.mjs", {"pyodide": pyodide, "port": 0, "workers": [worker, PARTY, *FILES]}


# The parts of a world, each made once and cached -----------------------------------------------


def install_node_modules() -> None:
    def missing() -> list[str]:
        pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
        return [name for name, version in pinned.items() if installed(name) not in version]

    def installed(name: str) -> str:
        package = HERE / "node_modules" / name / "package.json"
        return str(json.loads(package.read_text())["version"]) if package.exists() else "missing"

    with _locked("npm"):
        if missing():
            _call("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=HERE)


def built_wheel() -> Path:
    """Return a folder with the contents of the wheels for Pyodide.

    A module that is missing from the wheels is missing from the worlds, too.
    """
    sources = [ROOT / "scripts" / "production.py", *_sources(ROOT / "pyworkers_sdk")]
    return _made("wheel", sources, production.lay_out)


def image_headers() -> Path:
    """The one module of ``testing`` that a check needs in every world: it makes images."""
    source = ROOT / "pyworkers_sdk" / "testing" / "fakes" / "image_headers.py"

    def copy(folder: Path) -> None:
        folder.mkdir()
        shutil.copyfile(source, folder / source.name)

    return _made("image_headers", [source], copy)


def runtime_sdk() -> Path:
    """Return a folder with the official `workers` package."""
    return _made(RUNTIME_SDK, [], lambda folder: _pip(folder, RUNTIME_SDK))


def crosswind() -> Path:
    """Return a folder with another SDK, for comparisons."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--python-platform=wasm32-pyodide2025", "--python-version=3.13", CROSSWIND]
    return _made(CROSSWIND, [], lambda folder: _call(*command, f"--target={folder}", cwd=CACHE))


def wrangler() -> list[str]:
    """Return the command `wrangler`. It needs a newer Node than the worlds."""
    with _locked("wrangler"):
        node = shutil.which("node") or "node"
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if tuple(map(int, re.findall(r"\d+", version))) < (22, 12):
            node = str(_from_npm(NODE) / ".bin" / "node")
        # A dry run does not need the parts that the install scripts fetch.
        return [node, str(_from_npm(WRANGLER, "--ignore-scripts") / "wrangler/bin/wrangler.js")]


def _from_npm(requirement: str, *options: str) -> Path:
    folder = CACHE / requirement
    if not (folder / "node_modules").exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as aside:
            arguments = ["--no-audit", "--no-fund", "--prefix", aside, *options, requirement]
            _call("npm", "install", *arguments, cwd=CACHE)
            folder.mkdir(exist_ok=True)
            (Path(aside) / "node_modules").rename(folder / "node_modules")
    return folder / "node_modules"


def packages_for_314(requirement: str) -> Path:
    """Return a folder with a package and its dependencies, from WebAssembly wheels.

    PyPI has the wheel of pydantic-core only for Pyodide 314.
    """
    return _made(
        f"{requirement}-314",
        [],
        lambda folder: _pip(
            folder,
            *("--only-binary=:all:", "--implementation=cp", "--abi=cp314"),
            *("--python-version=3.14", "--platform=pyemscripten_2026_0_wasm32"),
            requirement,
            dependencies=True,
        ),
    )


def pure_packages(requirement: str) -> Path:
    """Return a folder with a package and its dependencies, without compiled code.

    MarkupSafe, for example, has no WebAssembly wheel, and works without its accelerator.
    """

    def install(folder: Path) -> None:
        _pip(folder, requirement, dependencies=True)
        for compiled in folder.rglob("*.so"):
            compiled.unlink()

    return _made(f"{requirement}-pure", [], install)


def worker_root() -> Path:
    """Return the folder of the Worker that runs checks: worker.py and the checks."""
    tests = HERE.parent
    sources = [tests / "__init__.py", HERE / "__init__.py", HERE / "inside.py"]
    sources += _sources(tests / "contract")

    def copy(folder: Path) -> None:
        for source in sources:
            target = folder / "tests" / source.relative_to(tests)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        shutil.copyfile(HERE / "worker.py", folder / "worker.py")

    return _made("worker", [*sources, HERE / "worker.py"], copy)


def _sources(folder: Path) -> list[Path]:
    files = [file for file in folder.rglob("*") if "__pycache__" not in file.parts]
    return sorted(file for file in files if file.is_file())


def _made(name: str, sources: list[Path], make: Callable[[Path], None]) -> Path:
    """Return a folder with the output of `make`; make it again if a source has changed."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(ROOT)}\0".encode() + source.read_bytes() + b"\0")
    folder = CACHE / f"{name}-{digest.hexdigest()[:12]}"
    with _locked(name):
        if not folder.exists():
            for old in CACHE.glob(f"{name}-*"):
                if old.stat().st_mtime < time.time() - 3600:  # no run takes this long
                    shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=CACHE) as aside:
                make(Path(aside) / "made")
                (Path(aside) / "made").rename(folder)
    return folder


def _pip(folder: Path, *arguments: str, dependencies: bool = False) -> None:
    options = ["--quiet", "--no-compile", "--disable-pip-version-check", f"--target={folder}"]
    if not dependencies:
        options.append("--no-deps")
    _call(sys.executable, "-m", "pip", "install", *options, *arguments, cwd=CACHE)


def _call(*command: str, cwd: Path) -> None:
    quiet: Any = {"capture_output": True, "stdin": subprocess.DEVNULL}
    process = subprocess.run(command, cwd=cwd, text=True, **quiet)
    if process.returncode:
        output = (process.stdout + process.stderr).strip()[-3000:]
        raise WorldError(f"{' '.join(command)} ended with {process.returncode}\n{output}")


@contextmanager
def _locked(name: str) -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
