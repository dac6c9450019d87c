"""The JavaScript API of incoming and outgoing email."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .headers import Headers
from .streams import ReadableStream
from .values import Js


class ForwardableEmailMessage(Protocol):
    """An incoming message. Its ``from`` is missing here: Python reserves the name."""

    @property
    def to(self) -> str: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def raw(self) -> ReadableStream: ...
    @property
    def rawSize(self) -> int: ...
    def setReject(self, reason: str, /) -> Js: ...
    def forward(self, rcptTo: str, headers: Js = ..., /) -> Awaitable[Js]: ...
    def reply(self, message: Js, /) -> Awaitable[Js]: ...


class SendEmail(Protocol):
    def send(self, message: Js, /) -> Awaitable[Js]: ...
