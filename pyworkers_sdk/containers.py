"""The container of a Durable Object: ``ctx.container``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ._border import JsWrapper, binding, bytes_of, expected, from_js, prop, raising, raw, to_js
from ._border.rpc import sendable
from ._http_body import body_of
from ._options import js_options
from .abort import AbortSignal
from .errors import WorkersError
from .services import Fetcher
from .streams import ReadableStream, WritableStream

if TYPE_CHECKING:
    from . import _js

__all__ = [
    "Container",
    "ContainerDirectorySnapshot",
    "ContainerDirectorySnapshotRestoreParams",
    "ContainerExecPtyOptions",
    "ContainerInfo",
    "ContainerSnapshot",
    "ContainerStartResources",
    "ExecOutput",
    "ExecProcess",
]

_raising = raising(WorkersError)

InstanceType: TypeAlias = Literal[
    "lite", "basic", "standard-1", "standard-2", "standard-3", "standard-4"
]


class ContainerStartResources(NamedTuple):
    """The resources of a container. JS: ContainerStartResources."""

    vcpu: float
    """The number of virtual CPUs."""
    memory_mib: int
    """The memory in MiB (2**20 bytes)."""
    disk_mb: int
    """The disk space in MB (10**6 bytes)."""


class ContainerDirectorySnapshot(NamedTuple):
    """A snapshot of a directory in a container. JS: ContainerDirectorySnapshot."""

    id: str
    size: int
    """The size in bytes."""
    dir: str
    """The path of the directory."""
    name: str | None = None


class ContainerDirectorySnapshotRestoreParams(NamedTuple):
    """A directory snapshot to restore when a container starts, and its place.

    JS: ContainerDirectorySnapshotRestoreParams.
    """

    snapshot: ContainerDirectorySnapshot | None = None
    """The snapshot; None for an empty directory, of which snapshots can be taken."""
    mount_point: str | None = None
    """An absolute path, by default the snapshot's own. It is required without a snapshot."""


class ContainerSnapshot(NamedTuple):
    """A snapshot of a whole container, to start a container from. JS: ContainerSnapshot."""

    id: str
    size: int
    """The size in bytes."""
    name: str | None = None


class ContainerInfo(NamedTuple):
    """The labels and the image that a running container was started with. JS: ContainerInfo."""

    labels: dict[str, str]
    image: str


class ContainerExecPtyOptions(NamedTuple):
    """The size of a terminal. JS: ContainerExecPtyOptions."""

    cols: int | None = None
    """The number of columns; 80 by default."""
    rows: int | None = None
    """The number of rows; 24 by default."""


class ExecOutput(NamedTuple):
    """The output and the exit code of a command. JS: ExecOutput."""

    stdout: bytes
    stderr: bytes
    exit_code: int


class ExecProcess(JsWrapper["_js.ExecProcess"]):
    """A command that runs in a container; ``Container.exec`` returns it. JS: ExecProcess."""

    __slots__ = ()

    def __init__(self, process: _js.ExecProcess) -> None:
        self._js = raw(process)

    @property
    def pid(self) -> int:
        """The process id. JS: ExecProcess.pid."""
        return int(self._js.pid)

    @property
    def is_pty(self) -> bool:
        """True if the command has a terminal. JS: ExecProcess.isPty."""
        return bool(self._js.isPty)

    @property
    def stdin(self) -> WritableStream | None:
        """The standard input, to write to and to close.

        None unless the command was started with ``stdin="pipe"`` or with a terminal.

        JS: ExecProcess.stdin.
        """
        stream = prop(self._js, "stdin")
        return None if raw(stream) is None else WritableStream(stream)

    @property
    def stdout(self) -> ReadableStream | None:
        """The standard output; None if the command was started with ``stdout="ignore"``.

        JS: ExecProcess.stdout.
        """
        return _readable(prop(self._js, "stdout"))

    @property
    def stderr(self) -> ReadableStream | None:
        """The standard error; None if it is ignored, or combined with ``stdout``.

        JS: ExecProcess.stderr.
        """
        return _readable(prop(self._js, "stderr"))

    async def exit_code(self) -> int:
        """Wait until the command ends, and return its exit code.

        If a signal ended the command, the code is 128 plus the signal's number.

        JS: ExecProcess.exitCode.
        """
        with _raising:
            return int(await self._js.exitCode)

    async def output(self) -> ExecOutput:
        """Wait until the command ends, and return its whole output. Call it only once.

        Raises:
            WorkersError: The output was read before.

        JS: ExecProcess.output.
        """
        with _raising:
            output = await self._js.output()
        stdout, stderr = (bytes_of(prop(output, name)) or b"" for name in ("stdout", "stderr"))
        return ExecOutput(stdout, stderr, int(prop(output, "exitCode")))

    def kill(self, signal: int | None = None) -> None:
        """Send a signal to the command.

        Args:
            signal: A number from 1 to 64; SIGTERM (15) by default.

        Raises:
            WorkersError: The number is out of range.

        JS: ExecProcess.kill.
        """
        with _raising:
            self._js.kill(*(() if signal is None else (signal,)))

    def resize(self, cols: int, rows: int) -> None:
        """Change the size of the command's terminal.

        Args:
            cols: The number of columns, 1 to 65,535.
            rows: The number of rows, 1 to 65,535.

        Raises:
            WorkersError: A number is out of range, or the command has no terminal.

        JS: ExecProcess.resize.
        """
        with _raising:
            self._js.resize(cols, rows)

    def __repr__(self) -> str:
        return f"<ExecProcess {self.pid}>"


def _readable(stream: Any) -> ReadableStream | None:
    return None if raw(stream) is None else ReadableStream(stream)


class Container(JsWrapper["_js.Container"]):
    """The container of one Durable Object, ``self.ctx.container``.

    The object does not share it with other objects, and both run on the same machine. Methods raise
    WorkersError if the container refuses the operation.

    JS: Container.
    """

    __slots__ = ()

    def __init__(self, container: _js.Container) -> None:
        self._js = binding(container, "Container", "getTcpPort")

    @property
    def running(self) -> bool:
        """True from the start of the container until its end. JS: Container.running."""
        return bool(self._js.running)

    @property
    def images(self) -> dict[str, str]:
        """The configured images, by name. JS: Container.images."""
        images: dict[str, str] | None = from_js(prop(self._js, "images"))
        return images or {}

    def start(
        self,
        *,
        entrypoint: Sequence[str] | None = None,
        enable_internet: bool | None = None,
        env: Mapping[str, str] | None = None,
        image: str | None = None,
        instance: InstanceType | ContainerStartResources | None = None,
        labels: Mapping[str, str] | None = None,
        directory_snapshots: Sequence[ContainerDirectorySnapshotRestoreParams] | None = None,
        container_snapshot: ContainerSnapshot | None = None,
    ) -> None:
        """Start the container without waiting for it.

        ``get_tcp_port(…).fetch`` fails until the container listens on the port.

        Args:
            entrypoint: The command to run instead of the image's own.
            enable_internet: Let the container reach the internet; False by default.
            env: Environment variables.
            image: An image. Not together with ``container_snapshot``.
            instance: The size of the container, by name or as single resources.
            labels: At most 10. Names have at most 16 bytes, values at most 64.
            directory_snapshots: Directories to restore before the start.
            container_snapshot: A snapshot to start from. Not together with ``image``.

        Raises:
            WorkersError: The container is running, or an option is invalid.

        JS: Container.start.
        """
        restores = directory_snapshots
        options = {
            "enable_internet": bool(enable_internet),
            "entrypoint": None if entrypoint is None else [*entrypoint],
            "env": None if env is None else dict(env),
            "image": image,
            "instance": _instance_options(instance),
            "labels": None if labels is None else dict(labels),
            "directory_snapshots": None if restores is None else [*map(_restore_options, restores)],
            "container_snapshot": container_snapshot and {"id": container_snapshot.id},
        }
        js_start_options = to_js(js_options(options), "options")
        with _raising:
            self._js.start(js_start_options)

    async def monitor(self) -> None:
        """Wait until the container ends.

        Raises:
            WorkersError: The exit code is not 0 (``code`` is the exit code); or ``destroy`` ended
                the container with an error; or the container was not started.

        JS: Container.monitor.
        """
        try:
            with _raising:
                await self._js.monitor()
        except WorkersError as error:
            if match := re.fullmatch(r".* unexpected exit code: (-?\d+)", error.message):
                error.code = int(match[1])
            raise

    async def destroy(self, error: str | Exception | None = None) -> None:
        """End the container at once.

        Args:
            error: The error that ``monitor`` raises, or its message. By default ``monitor`` returns
                without an error.

        JS: Container.destroy.
        """
        args = () if error is None else (sendable(error, "error"),)
        with _raising:
            await self._js.destroy(*args)

    def signal(self, signo: int) -> None:
        """Send a signal to the container.

        Args:
            signo: A number from 1 to 64.

        Raises:
            WorkersError: The number is out of range, or the container is not running.

        JS: Container.signal.
        """
        with _raising:
            self._js.signal(signo)

    def get_tcp_port(self, port: int) -> Fetcher:
        """Return a client of a port: ``await port.fetch("http://container/path")``.

        Args:
            port: A number from 1 to 65,535.

        Raises:
            WorkersError: The number is out of range. Requests raise it too, if the container is not
                running or does not listen on the port.

        JS: Container.getTcpPort.
        """
        with _raising:
            return Fetcher(self._js.getTcpPort(port))

    async def set_inactivity_timeout(self, duration_ms: int | timedelta) -> None:
        """Set how long the container keeps running without its object, in milliseconds.

        Args:
            duration_ms: Milliseconds, or a ``timedelta``; more than 0.

        Raises:
            WorkersError: The duration is 0 or negative.

        JS: Container.setInactivityTimeout.
        """
        if isinstance(duration_ms, timedelta):
            duration_ms = -(-duration_ms // timedelta(milliseconds=1))
        with _raising:
            await self._js.setInactivityTimeout(duration_ms)

    async def intercept_outbound_http(self, addr: str, binding: Fetcher) -> None:
        """Let a binding answer the container's HTTP requests to an address.

        Args:
            addr: An address or a range: "10.0.0.1:80", "10.0.0.0/8", …
            binding: The binding that answers, such as a service binding.

        JS: Container.interceptOutboundHttp.
        """
        with _raising:
            await self._js.interceptOutboundHttp(addr, raw(binding))

    async def intercept_outbound_https(self, addr: str, binding: Fetcher) -> None:
        """Let a binding answer the container's HTTPS requests to a host.

        Args:
            addr: A host name.
            binding: The binding that answers, such as a service binding.

        JS: Container.interceptOutboundHttps.
        """
        with _raising:
            await self._js.interceptOutboundHttps(addr, raw(binding))

    async def intercept_all_outbound_http(self, binding: Fetcher) -> None:
        """Let a binding answer all HTTP requests of the container.

        JS: Container.interceptAllOutboundHttp.
        """
        with _raising:
            await self._js.interceptAllOutboundHttp(raw(binding))

    async def exec(
        self,
        cmd: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        signal: AbortSignal | None = None,
        pty: bool | ContainerExecPtyOptions | None = None,
        stdin: Literal["pipe"] | bytes | ReadableStream | AsyncIterable[bytes] | None = None,
        stdout: Literal["pipe", "ignore"] | None = None,
        stderr: Literal["pipe", "ignore", "combined"] | None = None,
    ) -> ExecProcess:
        """Run a command in the container: ``await (await container.exec(["ls", "-l"])).output()``.

        Args:
            cmd: The command and its arguments.
            cwd: The working directory.
            env: Environment variables.
            user: The user to run as.
            signal: Kill the command when this signal is aborted.
            pty: True, or a size, to give the command a terminal.
            stdin: The input: bytes, a stream, or "pipe" to write to ``process.stdin``. By default
                the command has no input.
            stdout: "pipe" (the default) or "ignore".
            stderr: "pipe" (the default), "ignore", or "combined" to send it to ``stdout``. With a
                terminal it is always combined.

        Raises:
            WorkersError: The container is not running, or an option is invalid.
            ConversionError: ``stdin`` has another type.

        JS: Container.exec.
        """
        options = {
            "cwd": cwd,
            "env": None if env is None else dict(env),
            "user": user,
            "signal": signal,
            "pty": js_options(pty._asdict()) if isinstance(pty, ContainerExecPtyOptions) else pty,
            "stdin": None if stdin is None else _stdin(stdin),
            "stdout": stdout,
            "stderr": stderr,
        }
        js_cmd, js_exec_options = to_js([*cmd], "cmd"), to_js(js_options(options), "options")
        with _raising:
            return ExecProcess(await self._js.exec(js_cmd, js_exec_options))

    async def snapshot_container(self, *, name: str | None = None) -> ContainerSnapshot:
        """Take a snapshot of the whole container, to start a container from.

        Args:
            name: A name for the snapshot.

        Raises:
            WorkersError: The container is not running.

        JS: Container.snapshotContainer.
        """
        options = to_js(js_options({"name": name}), "options")
        with _raising:
            snapshot = from_js(await self._js.snapshotContainer(options))
        return ContainerSnapshot(snapshot["id"], snapshot["size"], snapshot.get("name"))

    async def inspect(self) -> ContainerInfo | None:
        """Return the container's labels and image; None if it is not running.

        JS: Container.inspect.
        """
        with _raising:
            info = from_js(await self._js.inspect())
        return None if info is None else ContainerInfo(info["labels"], info["image"])


def _stdin(stdin: Any) -> Any:
    if stdin == "pipe":
        return stdin
    if isinstance(stdin, str):
        raise expected("stdin", '"pipe", bytes or a stream', stdin, "encode text to bytes")
    source = _single_chunk(stdin) if isinstance(stdin, bytes) else stdin
    return ReadableStream(body_of(source, "as stdin"))


async def _single_chunk(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _instance_options(instance: InstanceType | ContainerStartResources | None) -> Any:
    if isinstance(instance, ContainerStartResources):
        return js_options(instance._asdict())
    return instance


def _restore_options(restore: ContainerDirectorySnapshotRestoreParams) -> dict[str, Any]:
    snapshot = restore.snapshot and js_options(restore.snapshot._asdict())
    return js_options({"snapshot": snapshot, "mount_point": restore.mount_point})
