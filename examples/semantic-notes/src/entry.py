"""The Worker's main module, named in wrangler.jsonc."""

from notes.worker import Default

__all__ = ["Default"]
