"""Service bindings and RPC, as JavaScript has it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class Fetcher(Protocol):
    """Every other name is a method of whatever is behind it, or a property to await."""

    def fetch(
        self,
        resource: Js,
        /,
        *,
        method: str = ...,
        headers: Js = ...,
        body: Js = ...,
        redirect: str = ...,
        cf: Js = ...,
        cache: str = ...,
        signal: Js = ...,
    ) -> Awaitable[Js]: ...
    def connect(
        self,
        address: Js,
        /,
        *,
        secureTransport: str = ...,
        allowHalfOpen: bool = ...,
        highWaterMark: int = ...,
    ) -> Js: ...
