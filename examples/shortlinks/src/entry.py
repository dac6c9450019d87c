"""What wrangler.jsonc names as the Worker's main module."""

from shortlinks.worker import Default

__all__ = ["Default"]
