"""Accounts inside real workerd."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from examples import serving

CONFIG = Path(__file__).parents[1] / "wrangler.jsonc"
ADA = {"name": "ada", "password": "correct horse"}

# The example of RFC 7515, A.3, with the kid that a set of keys needs.
KEY = {
    "kty": "EC",
    "kid": "provider",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


@pytest.mark.real
@pytest.mark.skipif(os.environ.get("PYWORKERS_SKIP_REAL") == "1", reason="PYWORKERS_SKIP_REAL=1")
def test_account_is_registered_and_logs_in() -> None:
    variables = {"TOKEN_SECRET": "secret", "ISSUER_KEYS": {"keys": [KEY]}}
    with (
        serving.workerd(CONFIG, variables=variables) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        assert client.post("/register", json=ADA).status_code == 201
        assert client.post("/login", json={**ADA, "password": "wrong"}).status_code == 401
        token = client.post("/login", json=ADA).json()["token"]
        bearer = {"authorization": f"Bearer {token}"}
        assert client.get("/me", headers=bearer).json()["sub"] == "ada"
        bearer = {"authorization": f"Bearer {token[:-4]}AAAA"}
        response = client.get("/me", headers=bearer)
        assert (response.status_code, response.json()) == (
            401,
            {"error": "the signature is wrong"},
        )
