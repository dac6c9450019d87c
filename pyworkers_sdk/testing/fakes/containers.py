"""A fake container of a Durable Object: functions take the place of the programs in it.

No local runtime has containers. The fake follows workerd's source (its messages and limits) and has
not been verified on the service.
"""

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
_MAX_LABELS = 10
_MAX_LABEL_NAME = 16  # bytes of UTF-8
_MAX_LABEL_VALUE = 64  # bytes of UTF-8
_MAX_SIGNAL = 64
_MAX_PORT = 65_535
_SIGKILL = 9
_SIGTERM = 15

# The runtime's own words.
_ALREADY_RUNNING = "start() cannot be called on a container that is already running."
_NOT_RUNNING = "{method}() cannot be called on a container that is not running."
_EXIT_CODE = "Container exited with unexpected exit code: {code}"
_INVALID_SIGNAL = "Invalid signal number."
_INVALID_PORT = "Invalid port number: {port}"
_PORT_OF_STOPPED = "the container is not running, consider calling start()"
_PORT_NOT_LISTENING = "the container is not listening in the TCP address 10.0.0.1:{port}"
_INVALID_TIMEOUT = "setInactivityTimeout() cannot be called with a durationMs <= 0"
_EMPTY_COMMAND = "exec() requires a non-empty command array."
_PTY_STDERR = 'stderr must be "combined" when PTY is enabled.'
_INVALID_OPTION = "Invalid {name} option: {mode}"
_COMBINED_STDOUT = 'stderr: "combined" requires stdout to be "pipe".'
_SECOND_OUTPUT = "output() can only be called once."
_NO_PTY = "resize() can only be called on a process that was started with a PTY."
_PTY_SIZE = "PTY {name} must be between 1 and 65535."
_ENVIRONMENT = "Environment variable {part} cannot contain '{character}': {name}"
_TWO_SOURCES = "`image` and `containerSnapshot` are mutually exclusive."
_INVALID_INSTANCE = "Invalid container instance type."
_RESOURCE_NOT_POSITIVE = "Container resource {name} must be a finite number greater than 0."
_RESOURCE_NOT_INTEGER = "Container resource {name} must be an integer."
_NO_MOUNT_POINT = "Directory snapshot restore requires a mountPoint when no snapshot is given."
_RELATIVE_MOUNT_POINT = "Directory snapshot restore path must be absolute. Got: {path}"
_ROOT_MOUNT_POINT = "Directory snapshot cannot be restored to root directory."
_TOO_MANY_LABELS = f"Cannot specify more than {_MAX_LABELS} container labels"
_EMPTY_LABEL = "Label names cannot be empty"
_LABEL_TOO_LONG = "Label {part} cannot exceed {limit} bytes (index {index})"
_LABEL_CONTROL_CHARACTER = "Label {part} cannot contain control characters (index {index})"


class FakeContainer:
    """JS: Container. A test reads its attributes to see the calls that the object made.

    Attributes:
        options: The options of the last start, under JavaScript's names.
        signals: The signals since the last start.
        timeout: The inactivity timeout in milliseconds.
        intercepted: Tuples of "http" or "https", the address and the binding.
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
        self._exit: asyncio.Future[int] | None = None
        self._destroy_error: JsException | None = None
        self._pids = count(2)  # 1 is the entrypoint's
        self._snapshots = count(1)

    # For tests

    def exit(self, code: int = 0) -> None:
        """End the container with an exit code, as if its program ended by itself."""
        self.running = False
        if self._exit is not None and not self._exit.done():
            self._exit.set_result(code)

    # For the object

    def start(self, options: Any, /) -> None:
        if self.running:
            raise JsException("Error", _ALREADY_RUNNING)
        _check_start_options(options)
        self.options = options
        self.signals.clear()
        self._destroy_error = None
        self._exit = asyncio.get_running_loop().create_future()
        self.running = True

    async def monitor(self) -> None:
        # Unlike other methods it also accepts a container that has ended: it reports how.
        if self._exit is None:
            raise _not_running("monitor")
        code = await asyncio.shield(self._exit)  # several calls may wait; one may be cancelled
        error, self._destroy_error = self._destroy_error, None
        if error is not None:
            raise error
        if code:
            raise JsException("Error", _EXIT_CODE.format(code=code))

    async def destroy(self, error: Any = None, /) -> None:
        if self.running:  # a second destroy() does nothing
            if error is not None:
                is_error = isinstance(error, JsException)
                self._destroy_error = error if is_error else JsException("Error", str(error))
            self.exit(0)

    def signal(self, signo: int, /) -> None:
        _check_signal(signo)
        if not self.running:
            raise _not_running("signal")
        self.signals.append(signo)

    def getTcpPort(self, port: int, /) -> FakeStub:
        if not 0 < port <= _MAX_PORT:
            raise JsException("TypeError", _INVALID_PORT.format(port=port))

        # The container may start after getTcpPort, so only requests look whether it is running.
        async def deliver(method: str, args: list[Any]) -> Any:
            if not self.running:
                raise JsException("Error", _PORT_OF_STOPPED)
            if port not in self._ports or method != "fetch":
                raise JsException("Error", _PORT_NOT_LISTENING.format(port=port))
            response = self._ports[port](Request.from_js(args[0]))
            return await response if isawaitable(response) else response

        return _Port(deliver)

    async def setInactivityTimeout(self, durationMs: float, /) -> None:
        if durationMs <= 0:
            raise JsException("TypeError", _INVALID_TIMEOUT)
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
            raise JsException("TypeError", _EMPTY_COMMAND)
        _check_env(options.get("env", {}))
        has_pty = options.get("pty", False) is not False
        stdout = options.get("stdout", "pipe")
        stderr = options.get("stderr", "combined" if has_pty else "pipe")
        _check_output_modes(stdout, stderr, has_pty=has_pty)
        if "signal" in options and options["signal"].aborted:
            raise options["signal"].reason
        if options.get("stdin") == "pipe":
            raise TypeError(
                "stdin: the fake container cannot write to a running command; pass the whole "
                'input, exec(…, stdin=b"…")'
            )
        if self._exec is None:
            raise TypeError(
                "exec: the fake container has no function for commands; pass one, container(exec=…)"
            )
        work = _run(self._exec, cmd, options.get("stdin"))
        process = FakeExecProcess(next(self._pids), work, stdout, stderr, is_pty=has_pty)
        if "signal" in options:
            options["signal"].addEventListener("abort", process.on_abort)
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
    # A container's real port also takes TCP connections. The functions of a test take requests.
    def _dial(self, hostname: str, port: int, secure: bool) -> Awaitable[Any]:
        raise TypeError(
            "get_tcp_port().connect(): the fake container has no TCP; call get_tcp_port().fetch()"
        )


class FakeExecProcess:
    """JS: ExecProcess."""

    def __init__(
        self, pid: int, work: Awaitable[ExecOutput], stdout: str, stderr: str, *, is_pty: bool
    ) -> None:
        self.pid = pid
        self.stdin: None = None
        self.isPty = is_pty
        self._task = asyncio.ensure_future(work)
        self._signal = 0
        self._output_was_read = False
        combined = stderr == "combined"
        self.stdout: ReadableStream | None = (
            self._piped("stdout", combined=combined) if stdout == "pipe" else None
        )
        self.stderr: ReadableStream | None = self._piped("stderr") if stderr == "pipe" else None

    async def _wait(self) -> ExecOutput:
        await asyncio.wait([self._task])
        if self._signal:
            return ExecOutput(b"", b"", 128 + self._signal)  # as a shell reports it
        return self._task.result()

    def _piped(self, name: str, *, combined: bool = False) -> ReadableStream:
        # The function of the test returns its whole output at the end: the stream has one chunk.
        async def chunks() -> AsyncIterator[bytes]:
            output = await self._wait()
            data: bytes = getattr(output, name)
            data += output.stderr if combined else b""
            if data:
                yield data

        return ReadableStream(chunks())

    @property
    async def exitCode(self) -> int:
        return (await self._wait()).exit_code

    async def output(self) -> Any:
        if self._output_was_read:
            raise JsException("TypeError", _SECOND_OUTPUT)
        self._output_was_read = True
        output: dict[str, Any] = {}
        for name in ("stdout", "stderr"):
            stream: ReadableStream | None = getattr(self, name)
            output[name] = b"" if stream is None else await _read(stream)
        output["exitCode"] = await self.exitCode
        return _Output(**output)

    def on_abort(self, event: Any) -> None:
        self.kill(_SIGKILL)

    def kill(self, signal: int = _SIGTERM, /) -> None:
        _check_signal(signal)
        if not self._task.done():
            self._signal = signal
            self._task.cancel()

    def resize(self, cols: int, rows: int, /) -> None:
        if not self.isPty:
            raise JsException("TypeError", _NO_PTY)
        for name, size in (("cols", cols), ("rows", rows)):
            if not 1 <= size <= 65_535:
                raise JsException("RangeError", _PTY_SIZE.format(name=name))


class _Output:
    """JS: ExecOutput."""

    def __init__(self, stdout: bytes, stderr: bytes, exitCode: int) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.exitCode = exitCode


async def _run(command: Command, cmd: list[str], stdin: ReadableStream | None) -> ExecOutput:
    output = command([*cmd], b"" if stdin is None else await _read(stdin))
    return await output if isawaitable(output) else output


async def _read(stream: ReadableStream) -> bytes:
    reader, chunks = stream.getReader(), list[bytes]()
    while (chunk := (await reader.read())["value"]) is not None:
        chunks.append(chunk)
    return b"".join(chunks)


def _not_running(method: str) -> JsException:
    return JsException("Error", _NOT_RUNNING.format(method=method))


def _check_signal(signo: int) -> None:
    if not 0 < signo <= _MAX_SIGNAL:
        raise JsException("RangeError", _INVALID_SIGNAL)


def _check_output_modes(stdout: str, stderr: str, *, has_pty: bool) -> None:
    if has_pty and stderr != "combined":
        raise JsException("TypeError", _PTY_STDERR)
    for name, mode, modes in (
        ("stdout", stdout, ("pipe", "ignore")),
        ("stderr", stderr, ("pipe", "ignore", "combined")),
    ):
        if mode not in modes:
            raise JsException("TypeError", _INVALID_OPTION.format(name=name, mode=mode))
    if stderr == "combined" and stdout != "pipe":
        raise JsException("TypeError", _COMBINED_STDOUT)


def _check_env(env: dict[str, str]) -> None:
    for name, value in env.items():
        for text, part, character in (
            (name, "names", "="),
            (name, "names", "\0"),
            (value, "values", "\0"),
        ):
            if character in text:
                shown = "\\0" if character == "\0" else character
                message = _ENVIRONMENT.format(part=part, character=shown, name=name)
                raise JsException("Error", message)


def _check_start_options(options: dict[str, Any]) -> None:
    """Raise the error of ``start`` for invalid options, in the order of the runtime's checks."""
    _check_env(options.get("env", {}))
    if "image" in options and "containerSnapshot" in options:
        raise JsException("TypeError", _TWO_SOURCES)
    _check_instance(options.get("instance", "lite"))
    _check_labels(options.get("labels", {}))
    for restore in options.get("directorySnapshots", []):
        _check_mount_point(restore.get("mountPoint", restore.get("snapshot", {}).get("dir")))


def _check_instance(instance: Any) -> None:
    if isinstance(instance, dict):
        resources = cast("dict[str, float]", instance)
        for name, amount in resources.items():
            if not (isfinite(amount) and amount > 0):
                raise JsException("RangeError", _RESOURCE_NOT_POSITIVE.format(name=name))
            if name != "vcpu" and number_text(amount) != str(int(amount)):
                raise JsException("RangeError", _RESOURCE_NOT_INTEGER.format(name=name))
    elif instance not in _INSTANCES:
        raise JsException("TypeError", _INVALID_INSTANCE)


def _check_labels(labels: dict[str, str]) -> None:
    if len(labels) > _MAX_LABELS:
        raise JsException("Error", _TOO_MANY_LABELS)
    for index, (name, value) in enumerate(labels.items()):
        if not name:
            raise JsException("Error", _EMPTY_LABEL)
        for part, text, limit in (
            ("names", name, _MAX_LABEL_NAME),
            ("values", value, _MAX_LABEL_VALUE),
        ):
            if len(text.encode()) > limit:
                message = _LABEL_TOO_LONG.format(part=part, limit=limit, index=index)
                raise JsException("Error", message)
            if any(character < " " for character in text):
                message = _LABEL_CONTROL_CHARACTER.format(part=part, index=index)
                raise JsException("Error", message)


def _check_mount_point(path: str | None) -> None:
    if path is None:
        raise JsException("Error", _NO_MOUNT_POINT)
    if not path.startswith("/"):
        raise JsException("TypeError", _RELATIVE_MOUNT_POINT.format(path=path))
    if path == "/":
        raise JsException("Error", _ROOT_MOUNT_POINT)


def container(
    *,
    ports: Mapping[int, Port] | None = None,
    exec: Command | None = None,
    images: Mapping[str, str] | None = None,
) -> Container:
    """Make a fake container, in which functions take the place of programs.

    ``FakeRuntime(…, containers={"Game": container})`` gives each object of a class its own
    container: there, pass a function that makes one.

    Args:
        ports: A function for each port that answers its requests, ``async`` or not:
            ``{8080: handle}``.
        exec: A function that runs commands, ``async`` or not. It receives the command and its whole
            standard input, and returns an ``ExecOutput``.
        images: The configured images, by name.
    """
    return Container(FakeContainer(ports, exec, images))


def introspect_container(container: Container) -> FakeContainer:
    """Return the fake behind a container: ``introspect_container(game).exit(1)`` ends it.

    Raises:
        TypeError: The container was not made by ``container()``.
    """
    js_container = raw(container)
    if not isinstance(js_container, FakeContainer):
        raise TypeError(
            f"container: expected a container of container(), got {type(js_container).__name__}"
        )
    return js_container
