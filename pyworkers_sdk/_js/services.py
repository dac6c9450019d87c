"""The JavaScript API of service bindings and RPC stubs."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .values import Js


class Fetcher(Protocol):
    """A Worker or an object behind a stub.

    Every other name is a method of the object behind the stub, or a property to await.
    """

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
