"""Hyperdrive: the address for a driver, and connections to a database, here an echo server."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pyworkers_sdk import Hyperdrive, Socket, StreamError, WorkersError, connect
from tests.contract.kit import Skipped, cases, not_in, only, raises
from tests.contract.workers import AppEnv

native = only("fake", "workerd", reason="in Node miniflare puts other data in its place")


@native
async def test_a_postgres_binding_has_its_address(app: AppEnv) -> None:
    found = app.POSTGRES
    assert re.fullmatch(r"[0-9a-f]{32}\.hyperdrive\.local", found.host)
    assert (found.port, found.user, found.password) == (5432, "ann", "p@ss:w/d")
    assert found.database == "app"
    place = f"{found.host}:5432/app"
    assert found.connection_string == f"postgres://ann:p@ss:w/d@{place}?sslmode=disable"
    assert found.host == found.host


@native
async def test_a_mysql_binding_has_its_address(app: AppEnv) -> None:
    found = app.MYSQL
    assert (found.port, found.user, found.password) == (3306, "bob", "secret")
    place = f"{found.host}:3306/my app"
    assert found.connection_string == f"mysql://bob:secret@{place}?ssl-mode=disabled"


@native
async def test_each_binding_has_a_different_host(app: AppEnv) -> None:
    assert app.POSTGRES.host != app.MYSQL.host


@native
async def test_the_ip_is_an_ipv4_address_or_none(app: AppEnv) -> None:
    found = app.POSTGRES.ip
    assert found is None or IPv4Address(found) in IPv4Network("240.0.0.0/16")


@native
async def test_the_repr_hides_user_password_and_host(app: AppEnv) -> None:
    assert repr(app.POSTGRES) == "<Hyperdrive to 'app'>"
    assert isinstance(app.POSTGRES, Hyperdrive)


async def test_a_connection_is_read_and_written(app: AppEnv, tcp: str) -> None:
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


async def test_connections_are_separate(app: AppEnv, tcp: str) -> None:
    async with app.POSTGRES.connect() as first, app.POSTGRES.connect() as second:
        await first.write(b"1")
        await second.write(b"2")
        assert (await first.read(), await second.read()) == (b"1", b"2")


@not_in("node", reason="miniflare's proxy does not say that a socket has closed")
async def test_a_connection_closed_by_the_database_ends(app: AppEnv, tcp: str) -> None:
    socket = app.POSTGRES.connect()
    await socket.write(b"QUIT")
    assert await socket.read() == b"bye"
    assert await socket.read() == b""
    await socket.closed
    with raises(StreamError, match=r"^This WritableStream has been closed\.$"):
        await socket.write(b"x")


async def test_start_tls_is_refused(app: AppEnv, tcp: str) -> None:
    async with app.POSTGRES.connect() as socket:
        with raises(WorkersError, match="must be set to 'starttls' for startTls to be used"):
            socket.start_tls()


@native
@cases([{}, {"secure_transport": "starttls"}, {"secure_transport": "x", "allow_half_open": True}])
async def test_connect_to_the_host_reaches_the_database(app: AppEnv, tcp: str, case: Any) -> None:
    found = app.POSTGRES
    for address in (f"{found.host}:{found.port}", (found.host, found.port)):
        async with connect(address, **case) as socket:
            assert (await socket.opened)["remote_address"] == f"{found.host}:5432"
            assert socket.secure_transport == "off"
            await socket.write(b"QUIT")
            assert await socket.readable.bytes() == b"bye"
            await socket.closed


@native
async def test_connect_to_the_ip_reaches_the_database(app: AppEnv, tcp: str) -> None:
    if app.POSTGRES.ip is None:
        raise Skipped("this runtime has no address of a Hyperdrive")
    async with connect((app.POSTGRES.ip, app.POSTGRES.port)) as socket:
        assert (await socket.opened)["remote_address"] == f"{app.POSTGRES.host}:5432"


@native
async def test_connect_to_another_port_of_the_host_fails(app: AppEnv, tcp: str) -> None:
    for address in (f"{app.POSTGRES.host}:3306", f"{app.MYSQL.host}:5432"):
        socket = connect(address)
        with raises(WorkersError, match="^proxy request failed, cannot|^nothing answers TCP"):
            await socket.opened


@only("workerd", reason="the fakes have no such port, and miniflare's proxy reads a stream once")
async def test_an_unreachable_database_fails_the_connection(app: AppEnv) -> None:
    socket = app.MYSQL.connect()
    with raises(WorkersError, match="^connection attempt failed$"):
        await socket.opened
    with raises(WorkersError, match="^connection attempt failed$"):
        await socket.closed
    with raises(StreamError, match="connection attempt failed$"):
        await socket.write(b"x")
    assert await socket.readable.bytes() == b""


@only("fake", reason="in the real worlds there is a network")
async def test_a_database_without_a_route_fails_without_showing_secrets(
    app: AppEnv, tcp: str
) -> None:
    socket = app.MYSQL.connect()
    with raises(
        WorkersError, match=r"^nothing answers TCP 127\.0\.0\.1:1: a fake runtime has no"
    ) as told:
        await socket.opened
    assert "secret" not in str(told.value)
