"""Passwords, stored as a salted hash (PBKDF2)."""

from __future__ import annotations

from pyworkers_sdk import crypto

ITERATIONS = 100_000  # the most that the service allows


async def hash_password(password: str) -> str:
    """Return text to store: the algorithm, the iterations, the salt and the hash."""
    salt = crypto.get_random_values(16)
    digest = await _derive(password, salt, ITERATIONS)
    return f"pbkdf2-sha256${ITERATIONS}${salt.hex()}${digest.hex()}"


async def is_password(password: str, stored: str) -> bool:
    """Return True if a password has the stored hash."""
    _, iterations, salt, digest = stored.split("$")
    derived = await _derive(password, bytes.fromhex(salt), int(iterations))
    return crypto.subtle.timing_safe_equal(derived, bytes.fromhex(digest))


async def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    key = await crypto.subtle.import_key("raw", password.encode(), "PBKDF2", False, ["deriveBits"])
    return await crypto.subtle.derive_bits(
        {"name": "PBKDF2", "hash": "SHA-256", "salt": salt, "iterations": iterations}, key, 256
    )
