"""OpenSSL in a Worker: its hashes are missing there, and Web Crypto replaces them.

Seen in workerd (tests/contract/test_crypto.py).
"""

from __future__ import annotations

from typing import Any, NoReturn

from .._libraries import Patch, in_worker

__all__ = ["PATCHES"]


def _hashlib(module: Any) -> None:
    new, built_in = module.new, module.algorithms_guaranteed

    def new_in_worker(name: str, *args: Any, **options: Any) -> Any:
        if name.lower().replace("-", "_") not in built_in:
            raise ValueError(f"unsupported hash type {name}")
        return new(name, *args, **options)

    def pbkdf2_hmac(*args: Any, **options: Any) -> NoReturn:
        raise _missing("pbkdf2_hmac", 'crypto.subtle.derive_bits has "PBKDF2"')

    def scrypt(*args: Any, **options: Any) -> NoReturn:
        raise _missing("scrypt", 'crypto.subtle.derive_bits has "PBKDF2" for passwords')

    in_worker(module, "new", new_in_worker)
    in_worker(module, "pbkdf2_hmac", pbkdf2_hmac)
    in_worker(module, "scrypt", scrypt)


def _missing(name: str, replacement: str) -> AttributeError:
    return AttributeError(
        f"module 'hashlib' has no attribute '{name}': a Worker has no OpenSSL; {replacement}"
    )


PATCHES: dict[str, Patch] = {"hashlib": _hashlib}
