"""``crypto.subtle`` of Node or of workerd, for callers on plain CPython.

The public class ``SubtleCrypto`` stands over it as over the fake, so one process compares both.
"""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

from pyworkers_sdk._border import JsException
from pyworkers_sdk.crypto import SubtleCrypto

__all__ = ["Engine", "RemoteCrypto", "RemoteKey"]

HERE = Path(__file__).parent

Engine = Literal["node", "workerd"]


class RemoteKey:
    """A CryptoKey in the other process, by its number. JS: CryptoKey."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.number: int = fields["$key"]
        self.type: str = fields["type"]
        self.extractable: bool = fields["extractable"]
        self.algorithm: Any = decoded(fields["algorithm"])
        self.usages: Any = fields["usages"]


def encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, RemoteKey):
        return {"$key": value.number}
    if isinstance(value, dict):
        return {name: encoded(item) for name, item in value.items()}
    return value


def decoded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return b64decode(value["$bytes"])
    if "$key" in value:
        return RemoteKey(value)
    return {name: decoded(item) for name, item in value.items()}


class RemoteCrypto(SubtleCrypto):
    """``crypto.subtle``, carried out in the other process."""

    __slots__ = ("_js",)

    def __init__(self, engine: Engine) -> None:
        self._js = RemoteSubtleCrypto(engine)

    @property
    def js_object(self) -> Any:
        return self._js

    def stop(self) -> None:
        self._js.stop()


class RemoteSubtleCrypto:
    """JS: SubtleCrypto. Each attribute is a method."""

    def __init__(self, engine: Engine) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "web_crypto.mjs"), engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def method(*args: Any) -> Any:
            return self._ask(name, args)

        return method

    def _ask(self, method: str, args: tuple[Any, ...]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        call = {"method": method, "args": [encoded(arg) for arg in args]}
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise JsException(answer["error"]["name"], answer["error"]["message"])
        return decoded(answer["value"])

    def stop(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
