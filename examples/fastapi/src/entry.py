"""What wrangler.jsonc names as the Worker's main module."""

from books.worker import Default

__all__ = ["Default"]
