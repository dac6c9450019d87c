"""The main module of the Worker, as wrangler.jsonc names it."""

from shortlinks.worker import Default

__all__ = ["Default"]
