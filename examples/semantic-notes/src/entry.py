"""The main module of the Worker, as wrangler.jsonc names it."""

from notes.worker import Default

__all__ = ["Default"]
