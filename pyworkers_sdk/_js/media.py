"""Media Transformations, as JavaScript has it."""

from __future__ import annotations

from typing import Protocol

from .values import Js


class MediaBinding(Protocol):
    def input(self, media: Js, /) -> Js: ...
