"""Secrets of a Secrets Store."""

from __future__ import annotations

from pyworkers_sdk import WorkersError
from tests.contract.kit import World, not_in, raises
from tests.contract.workers import AppEnv


async def _keep(app: AppEnv, world: World) -> None:
    """Puts the secret into the store, as ``wrangler secrets-store secret create`` does locally."""
    if world.engine != "fake":
        admin = getattr(app.SECRET.js_object, "SecretsStoreSecret::admin_api")
        await (await admin()).create("s3cret")


@not_in("node", reason="miniflare's proxy answers there without a Promise")
async def test_get_returns_the_value_of_a_secret(app: AppEnv, world: World) -> None:
    await _keep(app, world)
    assert await app.SECRET.get() == "s3cret"


async def test_a_missing_secret_raises(app: AppEnv) -> None:
    with raises(WorkersError, match='^Secret "missing" not found$') as caught:
        await app.NO_SECRET.get()
    assert caught.value.js_name == "Error"


@not_in("node", reason="miniflare's proxy answers there without a Promise")
async def test_the_repr_hides_the_value(app: AppEnv, world: World) -> None:
    await _keep(app, world)
    await app.SECRET.get()
    assert "s3cret" not in repr(app.SECRET)
