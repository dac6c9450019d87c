"""Pairs of keys: the code that RSA and the elliptic curves share, above all their import."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

from .common import PRIVATE, PUBLIC, CryptoKey, checked_usages, library, refused

__all__ = ["AsymmetricKey", "Loaded", "load_asymmetric", "pair_usages"]


class Loaded(NamedTuple):
    """A key of the package cryptography, and the type and usages of the new CryptoKey."""

    key: Any
    private: bool
    usages: list[str]


class AsymmetricKey(CryptoKey, ABC):
    """A public or private key, over a key of the package cryptography."""

    def __init__(self, algorithm: dict[str, Any], loaded: Loaded, extractable: bool) -> None:
        kind = "private" if loaded.private else "public"
        super().__init__(algorithm, kind, extractable, loaded.usages)
        self._key = loaded.key
        self.public: Any = loaded.key.public_key() if loaded.private else loaded.key

    @abstractmethod
    def jwk(self) -> dict[str, Any]:
        """Return the members of the JSON Web Key that depend on the algorithm."""

    @abstractmethod
    def raw(self) -> bytes:
        """Return the bytes of the public key."""

    def export(self, format: str) -> bytes | dict[str, Any]:
        if format == "jwk":
            members = {**self.jwk(), "key_ops": self.usages, "ext": True}
            return {name: members[name] for name in _JWK_ORDER if name in members}
        if format == "raw":
            return self.raw()
        if format not in ("pkcs8", "spki"):
            message = f'Cannot export "{self.name}" in "{format}" format.'
            raise refused("InvalidAccess", message)
        wanted = "private" if format == "pkcs8" else "public"
        if self.type != wanted:
            message = f'Asymmetric {format} export requires {wanted} key (not "{self.type}").'
            raise refused("InvalidAccess", message)
        return self._pkcs8() if format == "pkcs8" else self._spki()

    def _pkcs8(self) -> bytes:
        ser = library("serialization")
        der: bytes = self._key.private_bytes(
            ser.Encoding.DER, ser.PrivateFormat.PKCS8, ser.NoEncryption()
        )
        return der

    def _spki(self) -> bytes:
        ser = library("serialization")
        der: bytes = self._key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
        return der


# The runtime writes the members in this order, and ``wrapKey`` encrypts their text.
_JWK_ORDER = (
    *("kty", "use", "key_ops", "alg", "ext", "crv", "x", "y"),
    *("d", "n", "e", "p", "q", "dp", "dq", "qi", "oth", "k"),
)


def pair_usages(
    name: str, usages: list[str], allowed: set[str], public: set[str] = PUBLIC
) -> tuple[list[str], list[str]]:
    """Return the usages of the public and of the private key of a new pair."""
    usages = checked_usages("generate", name, usages, allowed)
    return (
        [usage for usage in usages if usage in public],
        [usage for usage in usages if usage in PRIVATE],
    )


def load_asymmetric(
    name: str,
    format: str,
    data: Any,
    extractable: bool,
    usages: list[str],
    allowed: set[str],
    read_jwk: Callable[[dict[str, Any]], Any],
) -> Loaded:
    """Load a key from a JSON Web Key or from DER.

    Args:
        name: The name of the algorithm.
        format: "jwk", "spki" or "pkcs8".
        data: A dict or bytes.
        extractable: Whether the key will be extractable.
        usages: The usages that were requested.
        allowed: The usages of the algorithm, of both keys.
        read_jwk: Returns the key of the package cryptography for a JSON Web Key.
    """
    if format == "jwk":
        private = data.get("d") is not None
        kind, mask = ("private", PRIVATE) if private else ("public", PUBLIC)
        checked = checked_usages(f"import {kind}", name, usages, allowed & mask)
        if private and data.get("oth") is not None:
            raise refused("NotSupported", "Multi-prime private keys not supported.")
        _check_uses(name, data, usages)
        return Loaded(read_jwk(data), private, checked)
    if format == "spki":
        key = _from_der(data, "SPKI", library("serialization").load_der_public_key)
        return Loaded(key, False, checked_usages("import public", name, usages, allowed & PUBLIC))
    if format == "pkcs8":
        load = library("serialization").load_der_private_key
        key = _from_der(
            data, "PKCS8", lambda der: load(der, None, unsafe_skip_rsa_key_validation=True)
        )
        return Loaded(key, True, checked_usages("import private", name, usages, allowed & PRIVATE))
    raise refused("NotSupported", f'Unrecognized key import format "{format}".')


def _from_der(data: bytes, kind: str, load: Callable[[bytes], Any]) -> Any:
    size = _der_size(data)
    try:
        key = load(data[:size])
    # The package raises ValueError for broken DER, and others for keys that it does not know.
    except Exception:
        raise refused("Data", f"Invalid {kind} input.") from None
    if len(data) > size:
        message = f"Invalid {len(data) - size} trailing bytes after {kind} input."
        raise refused("Data", message)
    return key


def _der_size(data: bytes) -> int:
    """Return the number of bytes of the value at the beginning of DER."""
    if len(data) < 2 or data[1] < 128:
        return 2 + data[1] if len(data) > 1 else len(data)
    count = data[1] - 128
    return 2 + count + int.from_bytes(data[2 : 2 + count])


def _check_uses(name: str, jwk: dict[str, Any], usages: list[str]) -> None:
    """Check the members ``use`` and ``key_ops`` of a JSON Web Key."""
    expected = _uses_of(name)[0]
    use = jwk.get("use")
    if usages and use not in (None, expected):
        raise refused(
            "Data",
            'Asymmetric "jwk" key import with usages requires a JSON Web Key with Public Key Use '
            f'parameter "use" ("{use}") equal to "sig".',
        )
    operations = jwk.get("key_ops")
    if operations is None:
        return
    if len(set(operations)) < len(operations):
        raise refused(
            "Data",
            'A JSON Web Key\'s Key Operations parameter ("key_ops") must not contain duplicates.',
        )
    if use is not None:
        _check_consistency(name, use, operations)
    # The runtime looks at two usages: no key of a pair can have more.
    if any(usage not in operations for usage in [*dict.fromkeys(usages)][:2]):
        raise refused(
            "Data",
            "All specified key usages must be present in the JSON Web Key's Key Operations "
            'parameter ("key_ops").',
        )


def _check_consistency(name: str, use: str, operations: list[str]) -> None:
    expected, both = _uses_of(name)
    if use != expected:
        raise refused(
            "Data",
            'Asymmetric "jwk" import requires a JSON Web Key with Public Key Use "use" '
            f'("{use}") equal to "{expected}".',
        )
    start = (
        'A JSON Web Key should have either a Public Key Use parameter ("use") or a Key Operations '
        'parameter ("key_ops"); otherwise, the parameters must be consistent with each other. '
    )
    for operation in sorted(operations):
        if not both:
            raise refused(
                "Data",
                f"{start}For public {name} keys, there are no valid usages,so keys with a "
                'non-empty "key_ops" parameter are not allowed.',
            )
        if operation not in both:
            raise refused(
                "Data",
                f"{start}A Public Key Use for {name} would allow a Key Operations array with only "
                f'"{both[0]}" and/or "{both[1]}" values (not "{operation}").',
            )


def _uses_of(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the ``use`` of an algorithm, and the operations that it stands for."""
    if name == "RSA-OAEP":
        return "enc", ("encrypt", "wrapKey")
    if name in ("ECDH", "X25519"):
        return "enc", ()
    return "sig", ("sign", "verify")
