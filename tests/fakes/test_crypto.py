"""Web Crypto on plain CPython: the use of the package cryptography, and its limits."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pyworkers_sdk import CryptoError, crypto
from pyworkers_sdk._border import JsException

subtle: Any = crypto.subtle

WITHOUT_PACKAGE = """
import asyncio, sys
sys.modules["cryptography"] = None
from pyworkers_sdk import crypto
from pyworkers_sdk.crypto import subtle

async def main():
    assert len(crypto.get_random_values(8)) == 8
    assert len(crypto.random_uuid()) == 36
    assert subtle.timing_safe_equal(b"a", b"a")
    assert (await subtle.digest("SHA-1", b"abc")).hex().startswith("a9993e36")
    stream = crypto.DigestStream("SHA-1")
    await stream.write(b"abc")
    await stream.close()
    assert (await stream.digest).hex().startswith("a9993e36")
    hmac = await subtle.generate_key({"name": "HMAC", "hash": "SHA-256"}, True, ["sign", "verify"])
    signature = await subtle.sign("HMAC", hmac, b"data")
    assert await subtle.verify("HMAC", hmac, signature, b"data")
    base = await subtle.import_key("raw", b"secret", "HKDF", False, ["deriveKey", "deriveBits"])
    hkdf = {"name": "HKDF", "hash": "SHA-256", "salt": b"", "info": b""}
    assert len(await subtle.derive_bits(hkdf, base, 256)) == 32
    aes = await subtle.derive_key(hkdf, base, {"name": "AES-GCM", "length": 256}, True, ["encrypt"])
    assert (await subtle.export_key("jwk", aes))["alg"] == "A256GCM"
    assert not any(name.startswith("pyworkers_sdk.testing") for name in sys.modules)
    for call in (
        lambda: subtle.encrypt({"name": "AES-GCM", "iv": bytes(12)}, aes, b""),
        lambda: subtle.generate_key("Ed25519", True, ["sign"]),
        lambda: subtle.generate_key({"name": "ECDH", "named_curve": "P-256"}, True, ["deriveBits"]),
    ):
        try:
            await call()
        except ModuleNotFoundError as error:
            print(error)

asyncio.run(main())
"""


def test_standard_library_suffices_for_hashes_and_hmac() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGE], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    [message] = set(done.stdout.splitlines())
    assert message.startswith("crypto.subtle: expected the package cryptography for AES, RSA")
    assert message.endswith("pip install 'pyworkers-sdk[testing]'")


def rsa(name: str, bits: int, hash: str) -> Any:
    exponent = b"\1\0\1"
    return {"name": name, "modulus_length": bits, "public_exponent": exponent, "hash": hash}


@pytest.mark.asyncio
async def test_rsa_key_that_is_too_small_for_the_package_is_refused() -> None:
    message = "modulusLength: expected at least 1024 bits on the fakes, got 512"
    with pytest.raises(CryptoError, match=message):
        await subtle.generate_key(rsa("RSA-PSS", 512, "SHA-1"), True, ["sign"])


@pytest.mark.asyncio
async def test_rsa_oaep_with_md5_is_refused() -> None:
    usages = ["encrypt", "decrypt"]
    public, private = await subtle.generate_key(rsa("RSA-OAEP", 1024, "MD5"), True, usages)
    with pytest.raises(CryptoError, match="RSA-OAEP: expected a SHA hash on the fakes, got MD5"):
        await subtle.encrypt("RSA-OAEP", public, b"x")
    with pytest.raises(CryptoError, match="RSA-OAEP: expected a SHA hash on the fakes, got MD5"):
        await subtle.decrypt("RSA-OAEP", private, bytes(128))


@pytest.mark.asyncio
async def test_key_data_of_another_type_is_refused_in_the_words_of_the_runtime() -> None:
    js = crypto.subtle.js_object
    for format, data, message in (
        ("raw", {"kty": "oct"}, '"spki" import formats must be a buffer source.'),
        ("jwk", b"", 'for "jwk" import format must be a JsonWebKey.'),
    ):
        with pytest.raises(JsException, match=message):
            await js.importKey(format, data, "AES-GCM", True, ["encrypt"])
