"""The container of a Durable Object on plain CPython: functions stand for what runs in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from inspect import isawaitable
from itertools import count
from math import isfinite
from typing import Any, TypeAlias, cast

from ..._border import raw, to_js
from ..._cpython.js_exception import JsException
from ..._cpython.streams import ReadableStream
from ...containers import Container, ExecOutput
from ...http import Request, Response
from .._clock import Clock
from ..runtime.rpc import FakeStub
from .workflows.rules import number_text

__all__ = ["FakeContainer", "FakeExecProcess", "container", "introspect_container"]

Port: TypeAlias = Callable[[Request], "Response | Awaitable[Response]"]
Command: TypeAlias = Callable[[list[str], bytes], "ExecOutput | Awaitable[ExecOutput]"]

_INSTANCES = ("lite", "basic", "standard-1", "standard-2", "standard-3", "standard-4")


class FakeContainer:
    """JS: Container. A stand-in, after workerd's source: nothing of it was seen on the service.

    ``options`` are those of the last start, under JavaScript's names; ``signals``, ``timeout`` and
    ``intercepted`` (what, the address, the binding) are what it was told since.
    """

    def __init__(
        self,
        ports: Mapping[int, Port] | None = None,
        exec: Command | None = None,
        images: Mapping[str, str] | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._ports = dict(ports or {})
        self._exec = exec
        self.images: dict[str, str] = dict(images or {})
        self.running: bool = False
        self.options: dict[str, Any] = {}
        self.signals: list[int] = []
        self.timeout: float | None = None
        self.intercepted: list[tuple[str, str, Any]] = []
        self._ended: asyncio.Future[int] | None = None
        self._reason: JsException | None = None
        self._pids = count(2)
        self._snapshots = count(1)

    # What a test does

    def exit(self, code: int = 0) -> None:
        """Have it end by itself."""
        self.running = False
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(code)

    # What the object does

    def start(self, options: Any, /) -> None:
        if self.running:
            message = "start() cannot be called on a container that is already running."
            raise JsException("Error", message)
        _check(options)
        self.options = options
        self.signals.clear()
        self._reason = None
        self._ended = asyncio.get_running_loop().create_future()
        self.running = True

    async def monitor(self) -> None:
        if self._ended is None:
            raise _not_running("monitor")
        code = await asyncio.shield(self._ended)
        reason, self._reason = self._reason, None
        if reason is not None:
            raise reason
        if code:
            message = f"Container exited with unexpected exit code: {code}"
            raise JsException("Error", message)

    async def destroy(self, error: Any = None, /) -> None:
        if self.running:
            if error is not None:
                is_error = isinstance(error, JsException)
                self._reason = error if is_error else JsException("Error", str(error))
            self.exit(0)

    def signal(self, signo: int, /) -> None:
        _check_signal(signo)
        if not self.running:
            raise _not_running("signal")
        self.signals.append(signo)

    def getTcpPort(self, port: int, /) -> FakeStub:
        if not 0 < port < 65_536:
            raise JsException("TypeError", f"Invalid port number: {port}")

        async def deliver(method: str, args: list[Any]) -> Any:
            if not self.running:
                reason = "the container is not running, consider calling start()"
                raise JsException("Error", reason)
            if port not in self._ports or method != "fetch":
                reason = f"the container is not listening in the TCP address 10.0.0.1:{port}"
                raise JsException("Error", reason)
            given = self._ports[port](Request.from_js(args[0]))
            return await given if isawaitable(given) else given

        return _Port(deliver)

    async def setInactivityTimeout(self, durationMs: float, /) -> None:
        if durationMs <= 0:
            message = "setInactivityTimeout() cannot be called with a durationMs <= 0"
            raise JsException("TypeError", message)
        self.timeout = durationMs

    async def interceptOutboundHttp(self, addr: str, binding: Any, /) -> None:
        self.intercepted.append(("http", addr, binding))

    async def interceptOutboundHttps(self, addr: str, binding: Any, /) -> None:
        self.intercepted.append(("https", addr, binding))

    async def interceptAllOutboundHttp(self, binding: Any, /) -> None:
        self.intercepted += [("http", addr, binding) for addr in ("0.0.0.0/0", "::/0")]

    async def exec(self, cmd: list[str], options: Any, /) -> FakeExecProcess:
        if not self.running:
            raise _not_running("exec")
        if not cmd:
            raise JsException("TypeError", "exec() requires a non-empty command array.")
        _check_env(options.get("env", {}))
        pty = options.get("pty", False)
        has_pty = pty is not False
        stdout = options.get("stdout", "pipe")
        stderr = options.get("stderr", "combined" if has_pty else "pipe")
        if has_pty and stderr != "combined":
            message = 'stderr must be "combined" when PTY is enabled.'
            raise JsException("TypeError", message)
        for kind, mode, modes in (
            ("stdout", stdout, ("pipe", "ignore")),
            ("stderr", stderr, ("pipe", "ignore", "combined")),
        ):
            if mode not in modes:
                raise JsException("TypeError", f"Invalid {kind} option: {mode}")
        if stderr == "combined" and stdout != "pipe":
            message = 'stderr: "combined" requires stdout to be "pipe".'
            raise JsException("TypeError", message)
        if "signal" in options and options["signal"].aborted:
            raise options["signal"].reason
        if options.get("stdin") == "pipe":
            raise TypeError('a fake command gets its input whole: exec(…, stdin=b"…")')
        if self._exec is None:
            raise TypeError("say what commands do: container(exec=…)")
        work = _run(self._exec, cmd, options.get("stdin"))
        process = FakeExecProcess(next(self._pids), work, stdout, stderr, is_pty=has_pty)
        if "signal" in options:
            options["signal"].addEventListener("abort", process.aborted)
        return process

    async def snapshotContainer(self, options: Any, /) -> Any:
        if not self.running:
            raise _not_running("snapshotContainer")
        return {"id": f"snapshot-{next(self._snapshots)}", "size": 0, **options}

    async def inspect(self) -> Any:
        if not self.running:
            return None
        labels = to_js(self.options.get("labels", {}))
        return {"labels": labels, "image": self.options.get("image", "")}


class _Port(FakeStub):
    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        raise TypeError("a fake container is reached by fetch alone")


class FakeExecProcess:
    """JS: ExecProcess."""

    def __init__(
        self, pid: int, work: Awaitable[ExecOutput], stdout: str, stderr: str, *, is_pty: bool
    ) -> None:
        self.pid = pid
        self.stdin: None = None
        self.isPty = is_pty
        self._task = asyncio.ensure_future(work)
        self._killed = 0
        self._asked = False
        combined = stderr == "combined"
        self.stdout: ReadableStream | None = (
            self._piped(0, combined=combined) if stdout == "pipe" else None
        )
        self.stderr: ReadableStream | None = self._piped(1) if stderr == "pipe" else None

    async def _ended(self) -> ExecOutput:
        await asyncio.wait([self._task])
        return ExecOutput(b"", b"", 128 + self._killed) if self._killed else self._task.result()

    def _piped(self, which: int, *, combined: bool = False) -> ReadableStream:
        async def chunks() -> AsyncIterator[bytes]:
            output = await self._ended()
            data = output.stderr if which else output.stdout
            data += output.stderr if combined else b""
            if data:
                yield data

        return ReadableStream(chunks())

    @property
    async def exitCode(self) -> int:
        return (await self._ended()).exit_code

    async def output(self) -> Any:
        if self._asked:
            raise JsException("TypeError", "output() can only be called once.")
        self._asked = True
        found: dict[str, Any] = {}
        for name in ("stdout", "stderr"):
            stream: ReadableStream | None = getattr(self, name)
            found[name] = b"" if stream is None else await _read(stream)
        found["exitCode"] = await self.exitCode
        return _Output(**found)

    def aborted(self, event: Any) -> None:
        self.kill(9)

    def kill(self, signal: int = 15, /) -> None:
        _check_signal(signal)
        if not self._task.done():
            self._killed = signal
            self._task.cancel()

    def resize(self, cols: int, rows: int, /) -> None:
        if not self.isPty:
            message = "resize() can only be called on a process that was started with a PTY."
            raise JsException("TypeError", message)
        for name, size in (("cols", cols), ("rows", rows)):
            if not 1 <= size <= 65_535:
                raise JsException("RangeError", f"PTY {name} must be between 1 and 65535.")


class _Output:
    """JS: ExecOutput."""

    def __init__(self, stdout: bytes, stderr: bytes, exitCode: int) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.exitCode = exitCode


async def _run(command: Command, cmd: list[str], stdin: ReadableStream | None) -> ExecOutput:
    given = command([*cmd], b"" if stdin is None else await _read(stdin))
    return await given if isawaitable(given) else given


async def _read(stream: ReadableStream) -> bytes:
    reader, chunks = stream.getReader(), list[bytes]()
    while (chunk := (await reader.read())["value"]) is not None:
        chunks.append(chunk)
    return b"".join(chunks)


def _not_running(method: str) -> JsException:
    reason = f"{method}() cannot be called on a container that is not running."
    return JsException("Error", reason)


def _check_signal(signo: int) -> None:
    if not 0 < signo <= 64:
        raise JsException("RangeError", "Invalid signal number.")


def _check_env(env: dict[str, str]) -> None:
    for name, value in env.items():
        for where, what, bad in (
            (name, "names", "="),
            (name, "names", "\0"),
            (value, "values", "\0"),
        ):
            if bad in where:
                shown = "\\0" if bad == "\0" else bad
                message = f"Environment variable {what} cannot contain '{shown}': {name}"
                raise JsException("Error", message)


def _check(options: dict[str, Any]) -> None:
    """What ``start`` refuses."""
    _check_env(options.get("env", {}))
    if "image" in options and "containerSnapshot" in options:
        message = "`image` and `containerSnapshot` are mutually exclusive."
        raise JsException("TypeError", message)
    instance = options.get("instance", "lite")
    if isinstance(instance, dict):
        resources = cast("dict[str, float]", instance)
        for name, amount in resources.items():
            if not (isfinite(amount) and amount > 0):
                message = f"Container resource {name} must be a finite number greater than 0."
                raise JsException("RangeError", message)
            if name != "vcpu" and number_text(amount) != str(int(amount)):
                raise JsException("RangeError", f"Container resource {name} must be an integer.")
    elif instance not in _INSTANCES:
        raise JsException("TypeError", "Invalid container instance type.")
    _check_labels(options.get("labels", {}))
    for restored in options.get("directorySnapshots", []):
        path = restored.get("mountPoint", restored.get("snapshot", {}).get("dir"))
        if path is None:
            message = "Directory snapshot restore requires a mountPoint when no snapshot is given."
            raise JsException("Error", message)
        if not path.startswith("/"):
            message = f"Directory snapshot restore path must be absolute. Got: {path}"
            raise JsException("TypeError", message)
        if path == "/":
            message = "Directory snapshot cannot be restored to root directory."
            raise JsException("Error", message)


def _check_labels(labels: dict[str, str]) -> None:
    if len(labels) > 10:
        raise JsException("Error", "Cannot specify more than 10 container labels")
    for at, (name, value) in enumerate(labels.items()):
        if not name:
            raise JsException("Error", "Label names cannot be empty")
        for what, text, most in (("names", name, 16), ("values", value, 64)):
            if len(text.encode()) > most:
                message = f"Label {what} cannot exceed {most} bytes (index {at})"
                raise JsException("Error", message)
            if any(character < " " for character in text):
                message = f"Label {what} cannot contain control characters (index {at})"
                raise JsException("Error", message)


def container(
    *,
    ports: Mapping[int, Port] | None = None,
    exec: Command | None = None,
    images: Mapping[str, str] | None = None,
) -> Container:
    """A fake container, in which functions run: ``ports={8080: handle}`` answer requests, and
    ``exec`` gets a command and all of its standard input, and gives an ``ExecOutput``; ``async`` or
    not.

    ``FakeRuntime(…, containers={"Game": container})`` gives each object of a class one of its own:
    there it is a function that makes one.
    """
    return Container(FakeContainer(ports, exec, images))


def introspect_container(container: Container) -> FakeContainer:
    """What is behind a fake container: ``introspect_container(it).exit(1)`` has it end."""
    inside = raw(container)
    if not isinstance(inside, FakeContainer):
        raise TypeError(f"expected a container of container(), got {type(inside).__name__}")
    return inside
