"""Code in a Worker finds no OpenSSL on the fakes, as in production."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint, crypto
from pyworkers_sdk.testing import FakeRuntime

pytestmark = pytest.mark.asyncio


class Default(WorkerEntrypoint[Env]):
    run: Callable[[], bytes]

    async def fetch(self, request: Request) -> Response:
        return Response(type(self).run())


async def in_worker(function: Callable[[], bytes]) -> bytes:
    class Worker(Default):
        run = staticmethod(function)

    return await (await FakeRuntime(Worker, env=Env).fetch("https://x.example/")).bytes()


def pbkdf2() -> bytes:
    return hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 10)


def scrypt() -> bytes:
    return hashlib.scrypt(b"password", salt=b"salt", n=2, r=1, p=1)


@pytest.mark.parametrize("function", [pbkdf2, scrypt])
async def test_password_hash_of_hashlib_is_missing_in_a_worker(
    function: Callable[[], bytes],
) -> None:
    assert function()  # the test itself is not in a Worker
    with pytest.raises(AttributeError, match=r"'hashlib' has no attribute .* crypto\.subtle"):
        await in_worker(function)
    assert function()


async def test_hash_of_openssl_is_missing_in_a_worker() -> None:
    with pytest.raises(ValueError, match="unsupported hash type sha512_256"):
        await in_worker(lambda: hashlib.new("sha512_256").digest())
    for name in ("sha256", "SHA256", "blake2b", "sha3_256"):
        digest = await in_worker(lambda name=name: hashlib.new(name, b"x").digest())  # type: ignore[misc]
        assert digest == hashlib.new(name, b"x").digest()


async def test_web_crypto_works_in_a_worker() -> None:
    class Worker(WorkerEntrypoint[Env]):
        async def fetch(self, request: Request) -> Response:
            key = await crypto.subtle.import_key(
                "raw", b"password", "PBKDF2", False, ["deriveBits"]
            )
            return Response(
                await crypto.subtle.derive_bits(
                    {"name": "PBKDF2", "hash": "SHA-256", "salt": b"salt", "iterations": 10},
                    key,
                    256,
                )
            )

    response = await FakeRuntime(Worker, env=Env).fetch("https://x.example/")
    assert await response.bytes() == pbkdf2()
