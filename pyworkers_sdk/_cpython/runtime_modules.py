"""The console and the runtime's JavaScript modules on plain CPython."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from . import tcp as _tcp

__all__ = ["console", "js_module", "js_sockets"]


def console(method: str, line: str) -> None:
    """Write a line to the console: here, to standard error, whatever the method."""
    print(line, file=sys.stderr)


class EmailMessage:
    """An outgoing message. JS: EmailMessage, of cloudflare:email."""

    def __init__(self, sender: str, to: str, raw: Any) -> None:
        setattr(self, "from", sender)
        self.to = to
        self.raw = raw

    @classmethod
    def new(cls, sender: str, to: str, raw: Any) -> EmailMessage:
        return cls(sender, to, raw)


# Each entry has the names that the package reads from the module, and no others.
_MODULES = {
    "cloudflare:email": SimpleNamespace(EmailMessage=EmailMessage),
    "cloudflare:sockets": _tcp,
}


async def js_module(name: str) -> Any:
    """Import a JavaScript module of the runtime, such as ``cloudflare:email``."""
    return _MODULES[name]


def js_sockets() -> Any:
    """Return the JavaScript module ``cloudflare:sockets``."""
    return _tcp
