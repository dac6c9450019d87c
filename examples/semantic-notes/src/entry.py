"""What wrangler.jsonc names as the Worker's main module."""

from notes.worker import Default

__all__ = ["Default"]
