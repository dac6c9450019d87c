"""The type of a JavaScript value that has no Protocol."""

from typing import Any, TypeAlias

Js: TypeAlias = Any
