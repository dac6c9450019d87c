"""The package apsw, or a sentence on what to install."""

from __future__ import annotations

try:
    import apsw
except ImportError as _missing:
    raise ImportError(
        "the fakes of D1 and of SQL in Durable Objects need the package apsw; "
        'install it by pip install "pyworkers-sdk[testing]"'
    ) from _missing

__all__ = ["apsw"]
