"""What Hyperdrive tells a driver, and the way to the database: here a server that echoes."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pyworkers_sdk import Hyperdrive, Socket, StreamError, WorkersError, connect
from tests.contract.kit import Skipped, cases, not_in, only, raises
from tests.contract.workers import AppEnv

native = only("fake", "workerd", reason="in Node miniflare puts other data in its place")


@native
async def test_a_postgres_database(app: AppEnv) -> None:
    found = app.POSTGRES
    assert re.fullmatch(r"[0-9a-f]{32}\.hyperdrive\.local", found.host)
    assert (found.port, found.user, found.password) == (5432, "ann", "p@ss:w/d")
    assert found.database == "app"
    place = f"{found.host}:5432/app"
    assert found.connection_string == f"postgres://ann:p@ss:w/d@{place}?sslmode=disable"
    assert found.host == found.host


@native
async def test_a_mysql_database(app: AppEnv) -> None:
    found = app.MYSQL
    assert (found.port, found.user, found.password) == (3306, "bob", "secret")
    place = f"{found.host}:3306/my app"
    assert found.connection_string == f"mysql://bob:secret@{place}?ssl-mode=disabled"


@native
async def test_each_has_a_host_of_its_own(app: AppEnv) -> None:
    assert app.POSTGRES.host != app.MYSQL.host


@native
async def test_the_address(app: AppEnv) -> None:
    found = app.POSTGRES.ip
    assert found is None or IPv4Address(found) in IPv4Network("240.0.0.0/16")


@native
async def test_no_secret_in_its_repr(app: AppEnv) -> None:
    assert repr(app.POSTGRES) == "<Hyperdrive to 'app'>"
    assert isinstance(app.POSTGRES, Hyperdrive)


async def test_a_connection(app: AppEnv, tcp: str) -> None:
    async with app.POSTGRES.connect() as socket:
        assert isinstance(socket, Socket)
        place = (await socket.opened)["remote_address"]
        assert re.fullmatch(r"[0-9a-f]{32}\.hyperdrive\.local:5432", place or "")
        assert (socket.secure_transport, socket.upgraded) == ("off", False)
        await socket.write(b"hello")
        assert await socket.read() == b"hello"
        await socket.write(b"again")
        assert await socket.read() == b"again"
    await socket.closed


async def test_each_connection_is_new(app: AppEnv, tcp: str) -> None:
    async with app.POSTGRES.connect() as first, app.POSTGRES.connect() as second:
        await first.write(b"1")
        await second.write(b"2")
        assert (await first.read(), await second.read()) == (b"1", b"2")


@not_in("node", reason="miniflare's proxy does not say that a socket has closed")
async def test_the_database_hangs_up(app: AppEnv, tcp: str) -> None:
    socket = app.POSTGRES.connect()
    await socket.write(b"QUIT")
    assert await socket.read() == b"bye"
    assert await socket.read() == b""
    await socket.closed
    with raises(StreamError, match=r"^This WritableStream has been closed\.$"):
        await socket.write(b"x")


async def test_no_tls_on_the_way_to_the_pool(app: AppEnv, tcp: str) -> None:
    async with app.POSTGRES.connect() as socket:
        with raises(WorkersError, match="must be set to 'starttls' for startTls to be used"):
            socket.start_tls()


@native
@cases([{}, {"secure_transport": "starttls"}, {"secure_transport": "x", "allow_half_open": True}])
async def test_its_host_leads_there_too(app: AppEnv, tcp: str, case: Any) -> None:
    found = app.POSTGRES
    for address in (f"{found.host}:{found.port}", (found.host, found.port)):
        async with connect(address, **case) as socket:
            assert (await socket.opened)["remote_address"] == f"{found.host}:5432"
            assert socket.secure_transport == "off"
            await socket.write(b"QUIT")
            assert await socket.readable.bytes() == b"bye"
            await socket.closed


@native
async def test_its_ip_leads_there_too(app: AppEnv, tcp: str) -> None:
    if app.POSTGRES.ip is None:
        raise Skipped("this runtime has no address of a Hyperdrive")
    async with connect((app.POSTGRES.ip, app.POSTGRES.port)) as socket:
        assert (await socket.opened)["remote_address"] == f"{app.POSTGRES.host}:5432"


@native
async def test_its_host_has_no_other_port(app: AppEnv, tcp: str) -> None:
    for address in (f"{app.POSTGRES.host}:3306", f"{app.MYSQL.host}:5432"):
        socket = connect(address)
        with raises(WorkersError, match="^proxy request failed, cannot|^nothing answers TCP"):
            await socket.opened


@only("workerd", reason="the fakes have no such port, and miniflare's proxy reads a stream once")
async def test_no_database_listens(app: AppEnv) -> None:
    socket = app.MYSQL.connect()
    with raises(WorkersError, match="^connection attempt failed$"):
        await socket.opened
    with raises(WorkersError, match="^connection attempt failed$"):
        await socket.closed
    with raises(StreamError, match="connection attempt failed$"):
        await socket.write(b"x")
    assert await socket.readable.bytes() == b""


@only("fake", reason="in the real worlds there is a network")
async def test_a_database_that_nobody_routed(app: AppEnv, tcp: str) -> None:
    socket = app.MYSQL.connect()
    with raises(
        WorkersError, match=r"^nothing answers TCP 127\.0\.0\.1:1: a fake runtime has no"
    ) as told:
        await socket.opened
    assert "secret" not in str(told.value)
