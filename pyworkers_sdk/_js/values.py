"""The alias that stands for any JavaScript value."""

from typing import Any, TypeAlias

Js: TypeAlias = Any
