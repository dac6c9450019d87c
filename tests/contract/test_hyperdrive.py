"""What Hyperdrive tells a driver."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network

from pyworkers_sdk import Hyperdrive
from tests.contract.kit import only
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
