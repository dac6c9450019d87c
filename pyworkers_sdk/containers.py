"""``ctx.container``: the container that belongs to a Durable Object."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from ._border import JsWrapper, binding, bytes_of, from_js, prop, raising, raw, to_js
from ._border.rpc import sendable
from ._http_body import body_of
from ._options import js_options
from .abort import AbortSignal
from .errors import ConversionError, WorkersError
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
    """How big a container is to be: MiB of memory, and MB of disk. JS: ContainerStartResources."""

    vcpu: float
    memory_mib: int
    disk_mb: int


class ContainerDirectorySnapshot(NamedTuple):
    """What was in a directory; ``size`` in bytes. JS: ContainerDirectorySnapshot."""

    id: str
    size: int
    dir: str
    name: str | None = None


class ContainerDirectorySnapshotRestoreParams(NamedTuple):
    """Where to put what was in a directory: by default where it was. Without a snapshot, an empty
    directory that can be snapshotted. JS: ContainerDirectorySnapshotRestoreParams."""

    snapshot: ContainerDirectorySnapshot | None = None
    mount_point: str | None = None


class ContainerSnapshot(NamedTuple):
    """A whole container to start from again; ``size`` in bytes. JS: ContainerSnapshot."""

    id: str
    size: int
    name: str | None = None


class ContainerInfo(NamedTuple):
    """JS: ContainerInfo."""

    labels: dict[str, str]
    image: str


class ContainerExecPtyOptions(NamedTuple):
    """How large a terminal is, 80 by 24 unless given. JS: ContainerExecPtyOptions."""

    cols: int | None = None
    rows: int | None = None


class ExecOutput(NamedTuple):
    """What a command wrote, and how it ended. JS: ExecOutput."""

    stdout: bytes
    stderr: bytes
    exit_code: int


class ExecProcess(JsWrapper["_js.ExecProcess"]):
    """A command that runs in a container. JS: ExecProcess."""

    __slots__ = ()

    def __init__(self, process: _js.ExecProcess) -> None:
        self._js = raw(process)

    @property
    def pid(self) -> int:
        """JS: ExecProcess.pid."""
        return int(self._js.pid)

    @property
    def is_pty(self) -> bool:
        """Whether it has a terminal. JS: ExecProcess.isPty."""
        return bool(self._js.isPty)

    @property
    def stdin(self) -> WritableStream | None:
        """Where to write its input, to be closed; None unless it was started with "pipe", or with a
        terminal. JS: ExecProcess.stdin."""
        found = prop(self._js, "stdin")
        return None if raw(found) is None else WritableStream(found)

    @property
    def stdout(self) -> ReadableStream | None:
        """None where it is ignored. JS: ExecProcess.stdout."""
        return _stream(prop(self._js, "stdout"))

    @property
    def stderr(self) -> ReadableStream | None:
        """None where it is ignored, or part of ``stdout``. JS: ExecProcess.stderr."""
        return _stream(prop(self._js, "stderr"))

    async def exit_code(self) -> int:
        """Wait for its end; 128 and the signal's number if one ended it.

        JS: ExecProcess.exitCode.
        """
        with _raising:
            return int(await self._js.exitCode)

    async def output(self) -> ExecOutput:
        """All that it writes, once it has ended; once. JS: ExecProcess.output."""
        with _raising:
            found = await self._js.output()
        out, err = (bytes_of(prop(found, name)) or b"" for name in ("stdout", "stderr"))
        return ExecOutput(out, err, int(prop(found, "exitCode")))

    def kill(self, signal: int | None = None) -> None:
        """Send it a signal, 1 to 64; SIGTERM (15) unless given. JS: ExecProcess.kill."""
        with _raising:
            self._js.kill(*(() if signal is None else (signal,)))

    def resize(self, cols: int, rows: int) -> None:
        """Say how large its terminal is now. JS: ExecProcess.resize."""
        with _raising:
            self._js.resize(cols, rows)

    def __repr__(self) -> str:
        return f"<ExecProcess {self.pid}>"


def _stream(found: Any) -> ReadableStream | None:
    return None if raw(found) is None else ReadableStream(found)


class Container(JsWrapper["_js.Container"]):
    """The container of an object, ``self.ctx.container``: nobody else's, and on the same machine.

    What it refuses is a WorkersError. JS: Container.
    """

    __slots__ = ()

    def __init__(self, container: _js.Container) -> None:
        self._js = binding(container, "Container", "getTcpPort")

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended. JS: Container.running."""
        return bool(self._js.running)

    @property
    def images(self) -> dict[str, str]:
        """The images that are configured, by name. JS: Container.images."""
        found: dict[str, str] | None = from_js(prop(self._js, "images"))
        return found or {}

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
        """Start it. This does not wait; ``get_tcp_port(…).fetch`` fails until it listens.

        ``enable_internet``: let it reach out, which it does not by itself. ``image`` and
        ``container_snapshot`` exclude each other. At most 10 ``labels`` of 16 bytes, with values of
        64.

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
        """Wait for its end. An exit code that is not 0 is a WorkersError with it as ``code``; so is
        what ``destroy`` gave as a reason.

        JS: Container.monitor.
        """
        try:
            with _raising:
                await self._js.monitor()
        except WorkersError as error:
            if found := re.fullmatch(r".* unexpected exit code: (-?\d+)", error.message):
                error.code = int(found[1])
            raise

    async def destroy(self, error: str | Exception | None = None) -> None:
        """End it at once; ``error`` is what ``monitor`` raises. JS: Container.destroy."""
        given = () if error is None else (sendable(error, "error"),)
        with _raising:
            await self._js.destroy(*given)

    def signal(self, signo: int) -> None:
        """Send it a signal, 1 to 64. JS: Container.signal."""
        with _raising:
            self._js.signal(signo)

    def get_tcp_port(self, port: int) -> Fetcher:
        """What listens on one of its ports: ``await port.fetch("http://container/path")``.

        JS: Container.getTcpPort.
        """
        with _raising:
            return Fetcher(self._js.getTcpPort(port))

    async def set_inactivity_timeout(self, duration_ms: int | timedelta) -> None:
        """How long it goes on when the object has gone, in milliseconds.

        JS: Container.setInactivityTimeout.
        """
        if isinstance(duration_ms, timedelta):
            duration_ms = -(-duration_ms // timedelta(milliseconds=1))
        with _raising:
            await self._js.setInactivityTimeout(duration_ms)

    async def intercept_outbound_http(self, addr: str, binding: Fetcher) -> None:
        """Have a binding answer its HTTP requests to an address: "10.0.0.1:80", "10.0.0.0/8", …

        JS: Container.interceptOutboundHttp.
        """
        with _raising:
            await self._js.interceptOutboundHttp(addr, raw(binding))

    async def intercept_outbound_https(self, addr: str, binding: Fetcher) -> None:
        """The same for HTTPS, of a host name. JS: Container.interceptOutboundHttps."""
        with _raising:
            await self._js.interceptOutboundHttps(addr, raw(binding))

    async def intercept_all_outbound_http(self, binding: Fetcher) -> None:
        """Have a binding answer all its HTTP requests. JS: Container.interceptAllOutboundHttp."""
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
        """Run a command in it: ``await (await container.exec(["ls", "-l"])).output()``.

        Its input is ``stdin``, or with "pipe" what is written to ``process.stdin``. It is killed
        when ``signal`` is aborted. "combined" has ``stderr`` come with ``stdout``, as it does with
        a terminal (``pty``).

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
        """Keep all that is in it, to start from again. JS: Container.snapshotContainer."""
        options = to_js(js_options({"name": name}), "options")
        with _raising:
            snapshot = from_js(await self._js.snapshotContainer(options))
        return ContainerSnapshot(snapshot["id"], snapshot["size"], snapshot.get("name"))

    async def inspect(self) -> ContainerInfo | None:
        """How it was started; None if it is not there. JS: Container.inspect."""
        with _raising:
            found = from_js(await self._js.inspect())
        return None if found is None else ContainerInfo(found["labels"], found["image"])


def _stdin(stdin: Any) -> Any:
    if stdin == "pipe":
        return stdin
    if isinstance(stdin, str):
        raise ConversionError(f'stdin: expected "pipe", bytes or a stream, got {stdin!r}')
    given = _once(stdin) if isinstance(stdin, bytes) else stdin
    return ReadableStream(body_of(given, "as stdin"))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _instance_options(instance: InstanceType | ContainerStartResources | None) -> Any:
    if isinstance(instance, ContainerStartResources):
        return js_options(instance._asdict())
    return instance


def _restore_options(restore: ContainerDirectorySnapshotRestoreParams) -> dict[str, Any]:
    snapshot = restore.snapshot and js_options(restore.snapshot._asdict())
    return js_options({"snapshot": snapshot, "mount_point": restore.mount_point})
