"""Accounts on the fakes: no network, no Node, no mock."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from auth.passwords import hash_password, is_password
from auth.tokens import InvalidToken, sign_token, verify_token
from auth.worker import AppEnv
from pyworkers_sdk import CryptoKeyPair, JsonWebKey, Response, crypto
from pyworkers_sdk.crypto import SignParams
from pyworkers_sdk.testing import FakeRuntime

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"
SITE = "https://auth.example"
SECRET = "a secret of at least thirty-two bytes"
ADA = {"name": "ada", "password": "correct horse"}


def runtime(**variables: Any) -> FakeRuntime[AppEnv]:
    return FakeRuntime.from_config(CONFIG, env=AppEnv, TOKEN_SECRET=SECRET, **variables)


async def post(runtime: FakeRuntime[AppEnv], path: str, body: object) -> Response:
    return await runtime.fetch(f"{SITE}{path}", method="POST", body=json.dumps(body))


async def me(runtime: FakeRuntime[AppEnv], token: str) -> Response:
    return await runtime.fetch(f"{SITE}/me", headers={"authorization": f"Bearer {token}"})


@pytest.mark.asyncio
async def test_account_is_registered_and_logs_in() -> None:
    worker = runtime()
    assert (await post(worker, "/register", ADA)).status == 201
    assert (await post(worker, "/register", ADA)).status == 409
    stored = await worker.env.USERS.get("ada")
    assert stored is not None
    assert "horse" not in stored
    login = await post(worker, "/login", ADA)
    claims = await (await me(worker, (await login.json())["token"])).json()
    assert claims["sub"] == "ada"


@pytest.mark.asyncio
async def test_wrong_credentials_are_refused() -> None:
    worker = runtime()
    await post(worker, "/register", ADA)
    for name, password in ("ada", "battery staple"), ("bob", "correct horse"):
        assert (await post(worker, "/login", {"name": name, "password": password})).status == 401
    assert (await post(worker, "/login", {"name": "ada"})).status == 422
    assert (await post(worker, "/register", {"name": "bob", "password": "short"})).status == 422
    assert (await me(worker, "no token")).status == 401
    assert (await worker.fetch(f"{SITE}/me")).status == 401


@pytest.mark.asyncio
async def test_password_has_a_new_salt_each_time() -> None:
    first, second = await hash_password("secret"), await hash_password("secret")
    assert first != second
    assert await is_password("secret", first)
    assert await is_password("secret", second)
    assert not await is_password("Secret", first)


@pytest.mark.asyncio
async def test_token_equals_that_of_another_library() -> None:
    """Compare with a token that another library made."""
    token = await sign_token({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}, "secret")
    assert token == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
        "XbPfbIHMI6arZ3Y922BhjWgQzWXcXNrz0ogtVhfEd2o"
    )


@pytest.mark.asyncio
async def test_changed_or_expired_token_is_invalid() -> None:
    token = await sign_token({"sub": "ada", "exp": time.time() + 60}, SECRET)
    assert (await verify_token(token, SECRET))["sub"] == "ada"
    header, claims, signature = token.split(".")
    forged = await sign_token({"sub": "bob"}, "another secret")
    for wrong in (
        f"{header}.{forged.split('.')[1]}.{signature}",
        forged,
        f"{header}.{claims}",
        f"{header}.{claims}.",
        f"{encoded({'alg': 'none'})}.{claims}.",
        "",
        await sign_token({"sub": "ada", "exp": time.time() - 1}, SECRET),
    ):
        with pytest.raises(InvalidToken):
            await verify_token(wrong, SECRET)


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def provider(alg: str) -> tuple[JsonWebKey, str]:
    """Return the public key of an identity provider, and a token that it signed."""
    pair: CryptoKeyPair
    algorithm: SignParams
    if alg == "RS256":
        pair = await crypto.subtle.generate_key(
            {
                "name": "RSASSA-PKCS1-v1_5",
                "modulus_length": 2048,
                "public_exponent": b"\x01\x00\x01",
                "hash": "SHA-256",
            },
            False,
            ["sign", "verify"],
        )
        algorithm = "RSASSA-PKCS1-v1_5"
    else:
        pair = await crypto.subtle.generate_key(
            {"name": "ECDSA", "named_curve": "P-256"}, False, ["sign", "verify"]
        )
        algorithm = {"name": "ECDSA", "hash": "SHA-256"}
    jwk = await crypto.subtle.export_key("jwk", pair.public_key)
    jwk["kid"] = alg
    signed = f"{encoded({'alg': alg, 'kid': alg})}.{encoded({'sub': 'ada', 'iss': 'provider'})}"
    signature = await crypto.subtle.sign(algorithm, pair.private_key, signed.encode())
    return jwk, f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.asyncio
@pytest.mark.parametrize("alg", ["RS256", "ES256"])
async def test_token_of_an_identity_provider_is_verified_by_its_jwk(alg: str) -> None:
    jwk, token = await provider(alg)
    worker = runtime(ISSUER_KEYS={"keys": [jwk]})
    assert await (await me(worker, token)).json() == {"sub": "ada", "iss": "provider"}
    other_jwk, other_token = await provider(alg)
    assert (await me(worker, other_token)).status == 401  # signed by another key
    worker = runtime(ISSUER_KEYS={"keys": [{**other_jwk, "kid": "another"}]})
    response = await me(worker, token)
    assert await response.json() == {"error": "no key has the kid of the token"}


@pytest.mark.asyncio
async def test_token_signed_by_a_public_key_is_invalid() -> None:
    jwk, _ = await provider("RS256")
    forged = await sign_token({"sub": "ada"}, jwk["n"])
    with pytest.raises(InvalidToken, match="signature"):
        await verify_token(forged, SECRET, [jwk])
