"""Containers, over a stand-in that runs everywhere: no local runtime has containers."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

from pyworkers_sdk import (
    AbortController,
    AbortError,
    AbortSignal,
    Container,
    ContainerDirectorySnapshot,
    ContainerDirectorySnapshotRestoreParams,
    ContainerExecPtyOptions,
    ContainerInfo,
    ContainerSnapshot,
    ContainerStartResources,
    ConversionError,
    DurableObjectState,
    ExecOutput,
    WorkersError,
)
from tests.contract.kit import cases, only, raises


async def fetch_report(container: Container, path: str = "/") -> Any:
    """Return the stand-in's report of a request: its method, path, body and the start options."""
    return await (await container.get_tcp_port(8080).fetch(f"http://container{path}")).json()


# The container -----------------------------------------------------------------------------------


async def test_start_and_destroy_change_the_running_state(container: Container) -> None:
    assert container.running is False
    assert await container.inspect() is None
    container.start()
    assert container.running is True
    assert await container.inspect() == ContainerInfo({}, "")
    with raises(WorkersError) as caught:
        container.start()
    assert caught.value.message == (
        "start() cannot be called on a container that is already running."
    )
    await container.destroy()
    assert container.running is False
    await container.destroy()


async def test_images_are_a_dict_by_name(container: Container) -> None:
    assert container.images == {"app": "registry.example/app:1"}


async def test_start_passes_its_options(container: Container) -> None:
    container.start(
        entrypoint=["serve", "-v"],
        enable_internet=True,
        env={"A": "1"},
        image="app:2",
        instance="standard-1",
        labels={"user": "ann"},
        directory_snapshots=[
            ContainerDirectorySnapshotRestoreParams(
                ContainerDirectorySnapshot("s", 7, "/data"), "/else"
            ),
            ContainerDirectorySnapshotRestoreParams(mount_point="/new"),
        ],
    )
    assert (await fetch_report(container))["options"] == {
        "enableInternet": True,
        "entrypoint": ["serve", "-v"],
        "env": {"A": "1"},
        "labels": {"user": "ann"},
        "image": "app:2",
        "instance": "standard-1",
        "directorySnapshots": [
            {"snapshot": {"id": "s", "size": 7, "dir": "/data"}, "mountPoint": "/else"},
            {"mountPoint": "/new"},
        ],
    }
    assert await container.inspect() == ContainerInfo({"user": "ann"}, "app:2")


async def test_start_from_a_snapshot_passes_its_id(container: Container) -> None:
    container.start()
    assert (await container.snapshot_container()).name is None
    snapshot = await container.snapshot_container(name="warm")
    assert isinstance(snapshot, ContainerSnapshot)
    assert snapshot.name == "warm"
    await container.destroy()
    container.start(container_snapshot=snapshot, instance=ContainerStartResources(0.5, 1024, 2000))
    assert (await fetch_report(container))["options"] == {
        "enableInternet": False,
        "containerSnapshot": {"id": snapshot.id},
        "instance": {"vcpu": 0.5, "memoryMib": 1024, "diskMb": 2000},
    }
    await container.destroy()
    with raises(WorkersError, match="mutually exclusive"):
        container.start(container_snapshot=snapshot, image="app:2")


async def test_port_answers_requests_while_the_container_runs(container: Container) -> None:
    port = container.get_tcp_port(8080)
    with raises(WorkersError, match="not running"):
        await port.fetch("http://container/")
    container.start()
    response = await port.fetch("http://container/path", method="POST", body="hello")
    report: Any = await response.json()
    assert [report["method"], report["path"], report["body"]] == ["POST", "/path", "hello"]
    with raises(WorkersError, match="not listening"):
        await container.get_tcp_port(81).fetch("http://container/")
    for number in (0, 65_536):
        with raises(WorkersError, match=f"^Invalid port number: {number}$"):
            container.get_tcp_port(number)


async def test_monitor_raises_an_exit_code_that_is_not_0(container: Container) -> None:
    container.start()
    watching = asyncio.ensure_future(container.monitor())
    await asyncio.sleep(0)
    await fetch_report(container, "/exit/0")
    await watching
    assert container.running is False
    container.start()
    watching = asyncio.ensure_future(container.monitor())
    await fetch_report(container, "/exit/3")
    with raises(WorkersError, match="^Container exited with unexpected exit code: 3$") as caught:
        await watching
    assert caught.value.code == 3


@cases({"text": ("over", "Error"), "error": (TypeError("over"), "TypeError")})
async def test_monitor_raises_the_error_of_destroy(
    container: Container, case: tuple[Any, str]
) -> None:
    reason, js_name = case
    container.start()
    watching = asyncio.ensure_future(container.monitor())
    await asyncio.sleep(0)
    await container.destroy(reason)
    with raises(WorkersError, match="^over$") as caught:
        await watching
    assert caught.value.js_name == js_name
    assert caught.value.code is None


@only("fake", reason="other checks have started the stand-in of the real worlds")
async def test_monitor_before_the_start_raises(container: Container) -> None:
    with raises(WorkersError, match=r"^monitor\(\) cannot be called on a container that is not"):
        await container.monitor()


async def test_signal_requires_a_valid_number_and_a_running_container(container: Container) -> None:
    for signo in (0, 65):
        with raises(WorkersError, match=r"^Invalid signal number\.$") as caught:
            container.signal(signo)
        assert caught.value.js_name == "RangeError"
    with raises(WorkersError, match=r"^signal\(\) cannot be called on a container that is not"):
        container.signal(15)
    container.start()
    container.signal(15)


async def test_inactivity_timeout_and_interception_are_set(container: Container) -> None:
    await container.set_inactivity_timeout(timedelta(minutes=10))
    await container.set_inactivity_timeout(1)
    with raises(WorkersError) as caught:
        await container.set_inactivity_timeout(0)
    assert caught.value.message == (
        "setInactivityTimeout() cannot be called with a durationMs <= 0"
    )
    port = container.get_tcp_port(8080)
    await container.intercept_outbound_http("10.0.0.1:80", port)
    await container.intercept_outbound_https("example.com", port)
    await container.intercept_all_outbound_http(port)


# Commands ----------------------------------------------------------------------------------------


async def test_exec_runs_a_command_and_returns_its_output(container: Container) -> None:
    with raises(WorkersError, match=r"^exec\(\) cannot be called on a container that is not"):
        await container.exec(["ls"])
    container.start()
    process = await container.exec(["ls", "-l"])
    assert isinstance(process.pid, int)
    assert process.is_pty is False
    output = await process.output()
    assert isinstance(output, ExecOutput)
    assert json.loads(output.stdout)["cmd"] == ["ls", "-l"]
    assert (output.stderr, output.exit_code) == (b"", 0)
    assert await process.exit_code() == 0
    with raises(WorkersError, match=r"^output\(\) can only be called once\.$"):
        await process.output()
    with raises(WorkersError, match=r"^exec\(\) requires a non-empty command array\.$"):
        await container.exec([])


async def test_failed_command_has_output_and_exit_code(container: Container) -> None:
    container.start()
    process = await container.exec(["fail"])
    assert process.stdout is not None
    assert process.stderr is not None
    assert await process.stderr.text() == "failed"
    assert json.loads(await process.stdout.text())["cmd"] == ["fail"]
    assert await process.exit_code() == 1


@only("node", "workerd", reason="a function of the fake receives only the command and its input")
async def test_exec_passes_its_options(container: Container) -> None:
    container.start()
    process = await container.exec(
        ["ls"],
        cwd="/tmp",
        env={"A": "1"},
        user="ann",
        pty=ContainerExecPtyOptions(cols=100),
        signal=AbortController().signal,
    )
    report = json.loads((await process.output()).stdout)
    assert report == {
        "cmd": ["ls"],
        "cwd": "/tmp",
        "env": {"A": "1"},
        "user": "ann",
        "pty": {"cols": 100},
    }


@only("node", "workerd", reason="a function of the fake receives its whole input at once")
async def test_piped_input_is_written_to_stdin(container: Container) -> None:
    container.start()
    process = await container.exec(["cat"], stdin="pipe")
    assert process.stdin is not None
    assert process.stdout is not None
    reading = asyncio.ensure_future(process.stdout.text())
    await process.stdin.write(b"te")
    await process.stdin.write(b"xt")
    await process.stdin.close()
    assert await reading == "text"


async def test_command_without_input_has_no_stdin(container: Container) -> None:
    container.start()
    process = await container.exec(["cat"])
    assert process.stdin is None
    wrong: Any = "text"
    with raises(
        ConversionError,
        match='^stdin: expected "pipe", bytes or a stream, got str; encode text to bytes$',
    ):
        await container.exec(["cat"], stdin=wrong)


@cases([b"text", "iterator"])
async def test_input_is_passed_as_bytes_or_iterator(
    container: Container, case: str | bytes
) -> None:
    async def pieces() -> Any:
        yield b"te"
        yield b"xt"

    container.start()
    stdin: Any = pieces() if case == "iterator" else case
    process = await container.exec(["cat"], stdin=stdin)
    assert json.loads((await process.output()).stdout)["stdin"] == "text"


async def test_output_is_piped_combined_or_ignored(container: Container) -> None:
    container.start()
    both = await container.exec(["fail"], stderr="combined")
    assert both.stderr is None
    assert (await both.output()).stdout.endswith(b"failed")
    none = await container.exec(["fail"], stdout="ignore", stderr="ignore")
    assert none.stdout is None
    assert await none.output() == ExecOutput(b"", b"", 1)
    with raises(WorkersError) as caught:
        await container.exec(["fail"], stdout="ignore", stderr="combined")
    assert caught.value.message == 'stderr: "combined" requires stdout to be "pipe".'


async def test_terminal_can_be_resized(container: Container) -> None:
    container.start()
    process = await container.exec(["fail"], pty=True)
    assert process.is_pty is True
    assert process.stderr is None
    process.resize(100, 30)
    with raises(WorkersError, match=r"^PTY cols must be between 1 and 65535\.$"):
        process.resize(0, 30)
    with raises(WorkersError, match="PTY rows"):
        process.resize(1, 65_536)
    plain = await container.exec(["ls"], pty=False)
    with raises(WorkersError, match="started with a PTY"):
        plain.resize(100, 30)


async def test_command_ends_by_kill_or_abort_signal(container: Container) -> None:
    container.start()
    process = await container.exec(["sleep"])
    with raises(WorkersError, match=r"^Invalid signal number\.$"):
        process.kill(0)
    process.kill()
    assert await process.exit_code() == 143
    process = await container.exec(["sleep"])
    process.kill(2)
    assert (await process.output()).exit_code == 130
    controller = AbortController()
    process = await container.exec(["sleep"], signal=controller.signal)
    controller.abort()
    assert await process.exit_code() == 137
    with raises(AbortError):
        await container.exec(["ls"], signal=AbortSignal.abort())


@only("fake", "workerd", reason="the Node worlds run no Durable Objects")
async def test_class_without_a_container_has_none(state: DurableObjectState) -> None:
    assert state.container is None
