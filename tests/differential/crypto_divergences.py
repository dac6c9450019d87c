"""The known divergences of Web Crypto's fake from Node. The fake follows workerd."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["DIVERGENCES", "reason_of"]


class Divergence(NamedTuple):
    """Patterns of the call and of both answers, and the reason."""

    call: str
    fake: str
    real: str
    reason: str


ACCEPTED = r"^(\('|'accepted'$)"  # the description of a key, or a random result


def refused(*names: str) -> str:
    return rf"^Refused\(name='({'|'.join(names)})'\)$"


IN_ANOTHER_ORDER = "of several faults, workerd and Node report another one first"

NODE = [
    Divergence(
        r"^export_key\('jwk', <Ed25519 ",
        r"'alg': 'EdDSA'",
        r"'alg': 'Ed25519'",
        "Node writes the newer alg of Ed25519 in a JSON Web Key",
    ),
    Divergence(
        r"^import_key\('jwk', .*'alg': 'Ed25519'|^unwrap_key\('jwk', .*'Ed25519', True",
        refused("DataError"),
        ACCEPTED,
        "workerd refuses the newer alg of Ed25519 in a JSON Web Key",
    ),
    Divergence(
        r"^import_key\('(spki|pkcs8)'",
        refused("DataError"),
        ACCEPTED,
        "Node ignores bytes after the DER",
    ),
    Divergence(
        r"^import_key\('jwk', .*'kty': 'RSA'.*'alg': |^import_key\('jwk', .*'alg': .*'kty': 'RSA'",
        refused("NotSupportedError"),
        ACCEPTED,
        "Node ignores an unknown alg of an RSA key",
    ),
    Divergence(
        r"^import_key\('jwk', .*('use': .*'key_ops': |'key_ops': .*'use': )",
        refused("DataError"),
        ACCEPTED,
        "Node does not compare use and key_ops",
    ),
    Divergence(
        r"^export_key",
        refused("InvalidAccessError"),
        refused("InvalidAccessException"),
        "Node 20 misspells the error of a key that is not extractable",
    ),
    Divergence(
        r"^(encrypt|decrypt|sign|verify)\(",
        refused("InvalidAccessError"),
        refused("NotSupportedError"),
        "Node looks first whether the operation has the algorithm, and workerd at the key",
    ),
    Divergence(
        r"^wrap_key\('jwk', .*'AES-KW'\)$",
        refused("OperationError"),
        ACCEPTED,
        "Node pads a JSON Web Key for AES-KW with spaces",
    ),
    Divergence(
        r"^verify\('Ed25519'",
        refused("OperationError"),
        r"^False$",
        "workerd refuses a signature of Ed25519 of another length than 64 bytes",
    ),
    Divergence(
        r"'AES-GCM', 'iv': ",
        r"^b|^'accepted'$|^\('",
        refused("OperationError"),
        "Node refuses an iv of less than 12 bytes",
    ),
    Divergence(
        r"^import_key\('jwk', \{.*'x': .*'named_curve': ",
        r"^\('",
        refused("DataError"),
        "workerd does not read the crv of an elliptic curve's JSON Web Key",
    ),
    Divergence(
        r"^import_key\('jwk', \{.*'(x|y)': .*'named_curve': ",
        refused("OperationError"),
        refused("DataError"),
        "workerd reports a point that is not on the curve as another error",
    ),
    Divergence(
        r"^(import|unwrap)_key\('jwk', .*'OKP'.*'d': ",
        ACCEPTED,
        refused("DataError"),
        "workerd does not compare the x of a JSON Web Key with its d",
    ),
    Divergence(
        r"^import_key\('jwk', .*'(alg|crv)': ",
        refused("NotSupportedError"),
        refused("DataError"),
        "workerd does not know the alg or the crv",
    ),
    Divergence(
        r"^import_key",
        refused("SyntaxError", "DataError"),
        refused("DataError", "SyntaxError"),
        IN_ANOTHER_ORDER,
    ),
    Divergence(
        r"^generate_key",
        refused("SyntaxError"),
        refused("OperationError", "NotSupportedError", "TypeError"),
        IN_ANOTHER_ORDER,
    ),
]

DIVERGENCES: dict[str, list[Divergence]] = {"workerd": [], "node": NODE}


def reason_of(engine: str, call: str, fake: str, real: str) -> str | None:
    """Return the reason of a divergence; None if it is unknown."""
    for known in DIVERGENCES[engine]:
        pairs = (known.call, call), (known.fake, fake), (known.real, real)
        if all(re.search(pattern, text, re.DOTALL) for pattern, text in pairs):
            return known.reason
    return None
