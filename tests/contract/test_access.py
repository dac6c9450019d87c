"""Access: the identity of a signed-in user, in ``ctx.access``."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import CloudflareAccessContext
from tests.contract.kit import only
from tests.contract.workers import AppEnv

running = only("fake", "workerd", reason="Node has no Workers of ours")
stand_in = only("node", "workerd", reason="a stand-in for what no local runtime has")
commanded = only("fake", reason="no local runtime has it")


@running
async def test_access_and_cache_are_none_by_default(app: AppEnv) -> None:
    assert await app.AROUND.identity() is None
    assert await app.AROUND.purge() is None


@commanded
async def test_a_signed_in_user_has_an_identity(app: AppEnv, runtime: Any) -> None:
    from pyworkers_sdk.testing import signed_in

    with signed_in(runtime, {"email": "ann@example.com"}, aud="audience"):
        assert await app.AROUND.identity() == ["audience", {"email": "ann@example.com"}]
        with signed_in(runtime, None):
            assert await app.AROUND.identity() == ["aud", None]
    assert await app.AROUND.identity() is None


@stand_in
async def test_an_identity_is_converted_to_python(env: Any) -> None:
    access = CloudflareAccessContext(env.ACCESS)
    assert access.aud == "audience"
    identity = await access.get_identity()
    assert identity == {
        "email": "ann@example.com",
        "iat": 1782907200,
        "amr": ["pwd"],
        "idp": {"id": "i", "type": "onetimepin"},
        "groups": [{"id": "g", "name": "Staff"}],
        "devicePosture": {},
        "custom": None,
    }
    assert await CloudflareAccessContext(env.ACCESS_OF_SERVICE).get_identity() is None
