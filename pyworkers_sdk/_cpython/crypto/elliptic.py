"""Keys on elliptic curves: ECDSA and ECDH on NIST's, Ed25519 and X25519."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from typing import Any, NamedTuple

from ..js_exception import JsException
from .asymmetric import AsymmetricKey, Loaded, load_asymmetric, pair_usages
from .common import (
    DERIVATION,
    SIGNATURE,
    CryptoKey,
    bits_of,
    checked_usages,
    field,
    from_base64url,
    hash_of,
    library,
    refused,
    to_base64url,
)

__all__ = ["EllipticKey", "OkpKey"]

# workerd's own words
NO_HASH = (
    'Missing "hash" in AlgorithmIdentifier. (ECDSA requires that the hash algorithm be specified '
    "at call time rather than on the key. This differs from other WebCrypto algorithms for "
    "historical reasons.)"
)
BAD_COORDINATES = 'Invalid EC key; public key coordinates "x" and "y" are invalid'
BAD_RAW = "Failed to import raw EC key data"
SMALL_ORDER = "Failed to derive EDDH key: public key routines INVALID_PEER_KEY."


class _Curve(NamedTuple):
    name: str
    library: str
    size: int
    """Bytes of a coordinate."""
    alg: str

    def of_library(self) -> Any:
        return getattr(library("asymmetric.ec"), self.library)()


_CURVES = {
    curve.name: curve
    for curve in (
        _Curve("P-256", "SECP256R1", 32, "ES256"),
        _Curve("P-384", "SECP384R1", 48, "ES384"),
        _Curve("P-521", "SECP521R1", 66, "ES512"),
    )
}


def _curve_of(algorithm: dict[str, Any]) -> _Curve:
    name = field(algorithm, "namedCurve")
    if name.upper() not in _CURVES:
        message = f'Unrecognized or unimplemented EC curve "{name}" requested.'
        raise refused("NotSupported", message)
    return _CURVES[name.upper()]


def _check_peer(key: CryptoKey, algorithm: dict[str, Any]) -> Any:
    """Return the public key of the other side of a key agreement."""
    peer = field(algorithm, "public", "derivedKeyParams")
    if peer.type != "public":
        message = f'The provided key has type "{peer.type}", not "public"'
        raise refused("InvalidAccess", message)
    if type(peer) is not type(key):
        raise refused(
            "InvalidAccess",
            f"Base {key.name} private key cannot be used to derive a key from a peer {peer.name} "
            "public key",
        )
    if peer.name != key.name:
        raise refused(
            "InvalidAccess",
            f'Private key for derivation is using "{key.name}" while public key is using '
            f'"{peer.name}".',
        )
    return peer


class EllipticKey(AsymmetricKey):
    """A key for ECDSA or ECDH."""

    def __init__(self, name: str, curve: _Curve, loaded: Loaded, extractable: bool) -> None:
        super().__init__({"name": name, "namedCurve": curve.name}, loaded, extractable)
        self.curve = curve

    @staticmethod
    def generate(
        name: str, algorithm: dict[str, Any], extractable: bool, usages: list[str]
    ) -> dict[str, EllipticKey]:
        public, private = pair_usages(name, usages, _usages_of(name))
        curve = _curve_of(algorithm)
        key = library("asymmetric.ec").generate_private_key(curve.of_library())
        return {
            "publicKey": EllipticKey(name, curve, Loaded(key.public_key(), False, public), True),
            "privateKey": EllipticKey(name, curve, Loaded(key, True, private), extractable),
        }

    @staticmethod
    def load(
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> EllipticKey:
        curve = _curve_of(algorithm)
        if format == "raw":
            allowed = {"verify"} if name == "ECDSA" else set[str]()
            checked = checked_usages("import public", name, usages, allowed)
            loaded = Loaded(_from_point(data, curve), False, checked)
        else:
            loaded = load_asymmetric(
                name,
                format,
                data,
                extractable,
                usages,
                _usages_of(name),
                lambda jwk: _from_jwk(jwk, name, curve),
            )
        of_key = getattr(loaded.key, "curve", None)
        if of_key is None:
            kind = "EC key" if name == "ECDSA" else "EC public key nor a DH key"
            raise refused("Data", f"Input was not an {kind}.")
        if of_key.name != curve.library.lower():
            comma = "" if name == "ECDSA" else ","
            raise refused(
                "Data",
                f'"algorithm.namedCurve" "{algorithm["namedCurve"]}"{comma} does not match the '
                "curve specified by the input key data.",
            )
        return EllipticKey(name, curve, loaded, extractable)

    def sign(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        der = self._key.sign(data, _ecdsa(algorithm))
        numbers = library("asymmetric.utils").decode_dss_signature(der)
        return b"".join(number.to_bytes(self.curve.size) for number in numbers)

    def verify(self, algorithm: dict[str, Any], signature: bytes, data: bytes) -> bool:
        hash = _ecdsa(algorithm)
        size = self.curve.size
        if len(signature) != size * 2:
            return False
        numbers = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        der = library("asymmetric.utils").encode_dss_signature(*numbers)
        return _is_valid(self._key, der, data, hash)

    def derive(self, algorithm: dict[str, Any], length: int | None) -> bytes:
        peer = _check_peer(self, algorithm)
        if peer.curve != self.curve:
            raise refused(
                "InvalidAccess",
                f'Private key for derivation is using curve "{self.curve.name}" while public key '
                f'is using "{peer.curve.name}".',
            )
        secret = self._key.exchange(library("asymmetric.ec").ECDH(), peer.public)
        return bits_of(secret, length)

    def raw(self) -> bytes:
        if self.type != "public":
            message = "Raw export of elliptic curve keys is only allowed for public keys."
            raise refused("InvalidAccess", message)
        ser = library("serialization")
        point: bytes = self._key.public_bytes(ser.Encoding.X962, ser.PublicFormat.UncompressedPoint)
        return point

    def jwk(self) -> dict[str, Any]:
        numbers = self.public.public_numbers()
        members = {"x": numbers.x, "y": numbers.y}
        if self.type == "private":
            members["d"] = self._key.private_numbers().private_value
        size = self.curve.size
        encoded = {name: to_base64url(value.to_bytes(size)) for name, value in members.items()}
        return {"kty": "EC", "crv": self.curve.name, **encoded}


def _usages_of(name: str) -> set[str]:
    return SIGNATURE if name in ("ECDSA", "Ed25519", "NODE-ED25519") else DERIVATION


def _ecdsa(algorithm: dict[str, Any]) -> Any:
    if algorithm.get("hash") is None:
        raise JsException("TypeError", NO_HASH)
    hash = hash_of(algorithm["hash"])
    if hash.name == "MD5":
        raise JsException("Error", "internal error")
    return library("asymmetric.ec").ECDSA(getattr(library("hashes"), hash.name.replace("-", ""))())


def _is_valid(key: Any, signature: bytes, data: bytes, *hash: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, data, *hash)
    except InvalidSignature:
        return False
    return True


def _from_point(data: bytes, curve: _Curve) -> Any:
    key = library("asymmetric.ec").EllipticCurvePublicKey
    try:
        return key.from_encoded_point(curve.of_library(), data)
    except ValueError:
        raise refused("Data", f"{BAD_RAW}{_reason(data, curve)}.") from None


def _reason(data: bytes, curve: _Curve) -> str:
    if not data:
        return ""
    if data[0] == 4 and len(data) == 1 + 2 * curve.size:
        return ": Point is not on curve."
    if data[0] in (2, 3) and len(data) == 1 + curve.size:
        return ": Invalid compressed point. Invalid compressed point."
    return ": Invalid point encoding."


def _from_jwk(jwk: dict[str, Any], name: str, curve: _Curve) -> Any:
    kty = jwk.get("kty", "undefined")
    if kty != "EC":
        raise refused(
            "Data",
            'Elliptic curve "jwk" key import requires a JSON Web Key with Key Type parameter '
            f'"kty" ("{kty}") equal to "EC".',
        )
    if name == "ECDSA" and (alg := jwk.get("alg")) is not None:
        if alg not in [each.alg for each in _CURVES.values()]:
            raise refused(
                "NotSupported",
                f'Unrecognized or unimplemented algorithm "{alg}" listed in JSON Web Key Algorithm '
                "parameter.",
            )
        if alg != curve.alg:
            raise refused(
                "Data",
                f'JSON Web Key Algorithm parameter "alg" ("{alg}") does not match requested curve.',
            )
    ec = library("asymmetric.ec")
    x, y = _coordinate(jwk, "x"), _coordinate(jwk, "y")
    numbers = ec.EllipticCurvePublicNumbers(x, y, curve.of_library())
    try:
        public = numbers.public_key()
    except ValueError:
        message = f"{BAD_COORDINATES}: Point is not on curve.."
        raise refused("Operation", message) from None
    if jwk.get("d") is None:
        return public
    d = from_base64url(jwk["d"])
    if d is None:
        raise refused(
            "Data",
            'Invalid EC key in JSON Web Key; missing or invalid private key component ("d").',
        )
    try:
        return ec.EllipticCurvePrivateNumbers(int.from_bytes(d), numbers).private_key()
    except ValueError:
        raise refused("Data", "Invalid EC key in JSON Web Key.") from None


def _coordinate(jwk: dict[str, Any], name: str) -> int:
    data = from_base64url(jwk.get(name))
    if data is None:
        raise refused("Data", f'Invalid EC key in JSON Web Key; missing "{name}".')
    return int.from_bytes(data)


class OkpKey(AsymmetricKey):
    """A key for Ed25519, under both of its names, or for X25519."""

    def __init__(self, name: str, loaded: Loaded, extractable: bool) -> None:
        curve = {"namedCurve": name} if name == "NODE-ED25519" else {}
        super().__init__({"name": name, **curve}, loaded, extractable)

    @staticmethod
    def generate(
        name: str, algorithm: dict[str, Any], extractable: bool, usages: list[str]
    ) -> dict[str, OkpKey]:
        public, private = pair_usages(name, usages, _usages_of(name))
        _check_curve(name, algorithm)
        key = _class_of(name, "Private").generate()
        return {
            "publicKey": OkpKey(name, Loaded(key.public_key(), False, public), True),
            "privateKey": OkpKey(name, Loaded(key, True, private), extractable),
        }

    @staticmethod
    def load(
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> OkpKey:
        _check_curve(name, algorithm)
        curve = _okp_curve(name)
        if format == "raw":
            allowed = {"verify"} if curve == "Ed25519" else set[str]()
            checked = checked_usages("import public", name, usages, allowed)
            if len(data) != 32:
                message = f"{curve} raw keys must be exactly 32-bytes (provided {len(data)})."
                raise refused("Data", message)
            key = _class_of(name, "Public").from_public_bytes(data)
            return OkpKey(name, Loaded(key, False, checked), extractable)
        loaded = load_asymmetric(
            name,
            format,
            data,
            extractable,
            usages,
            _usages_of(name),
            lambda jwk: _okp_from_jwk(jwk, name),
        )
        if not isinstance(loaded.key, _class_of(name, "Private" if loaded.private else "Public")):
            # The runtime takes any key here, and fails when the key is used.
            raise refused("Data", f"Input was not an {curve} key.")
        return OkpKey(name, loaded, extractable)

    def sign(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        signature: bytes = self._key.sign(data)
        return signature

    def verify(self, algorithm: dict[str, Any], signature: bytes, data: bytes) -> bool:
        if len(signature) != 64:
            message = f"Invalid {self.name} signature length {len(signature)}"
            raise refused("Operation", message)
        return _is_valid(self._key, signature, data)

    def derive(self, algorithm: dict[str, Any], length: int | None) -> bytes:
        peer = _check_peer(self, algorithm)
        if length is not None:
            bits_of(bytes(32), length)  # the runtime checks the length first
        try:
            secret = self._key.exchange(peer.public)
        except ValueError:
            raise refused("Operation", SMALL_ORDER) from None
        return bits_of(secret, length)

    def raw(self) -> bytes:
        if self.type != "public":
            message = f"Raw export of {self.name} keys is only allowed for public keys."
            raise refused("InvalidAccess", message)
        return self._public_bytes()

    def _public_bytes(self) -> bytes:
        data: bytes = self.public.public_bytes_raw()
        return data

    def jwk(self) -> dict[str, Any]:
        members = {"kty": "OKP", "crv": _okp_curve(self.name)}
        members["x"] = to_base64url(self._public_bytes())
        if self.name == "Ed25519":
            members["alg"] = "EdDSA"
        if self.type == "private":
            members["d"] = to_base64url(self._key.private_bytes_raw())
        return members


def _okp_curve(name: str) -> str:
    return "X25519" if name == "X25519" else "Ed25519"


def _class_of(name: str, half: str) -> Any:
    curve = _okp_curve(name)
    return getattr(library(f"asymmetric.{curve.lower()}"), f"{curve}{half}Key")


def _check_curve(name: str, algorithm: dict[str, Any]) -> None:
    if name == "NODE-ED25519" and field(algorithm, "namedCurve") != name:
        message = f'EDDSA curve "{algorithm["namedCurve"]}" isn\'t supported.'
        raise refused("NotSupported", message)


def _okp_from_jwk(jwk: dict[str, Any], name: str) -> Any:
    curve = _okp_curve(name)
    kty = jwk.get("kty", "undefined")
    if kty != "OKP":
        raise refused(
            "Data",
            f'{curve} "jwk" key imports requires a JSON Web Key with Key Type parameter "kty" '
            f'("{kty}") equal to "OKP".',
        )
    if jwk.get("crv") is None:
        raise refused("Data", f'Missing field "crv" for {curve} key.')
    if jwk["crv"] != curve:
        message = f'Only {curve} is supported but "{jwk["crv"]}" was requested.'
        raise refused("NotSupported", message)
    if curve == "Ed25519" and jwk.get("alg") not in (None, "EdDSA"):
        raise refused(
            "Data",
            f'JSON Web Key Algorithm parameter "alg" ("{jwk["alg"]}") does not match requested '
            "Ed25519 curve.",
        )
    x = _okp_part(jwk, "x", f"Invalid {curve} key in JSON WebKey; missing or invalid public")
    if jwk.get("d") is None:
        return _class_of(name, "Public").from_public_bytes(x)
    d = _okp_part(jwk, "d", f"Invalid {curve} key in JSON Web Key; missing or invalid private")
    return _class_of(name, "Private").from_private_bytes(d)


def _okp_part(jwk: dict[str, Any], name: str, missing: str) -> bytes:
    data = from_base64url(jwk.get(name))
    if data is None:
        raise refused("Data", f'{missing} key component ("{name}").')
    if len(data) != 32:
        half = "public" if name == "x" else "private"
        raise refused("Data", f"Invalid length {len(data)} for {half} key")
    return data
