"""What wrangler.jsonc names as the Worker's main module."""

from orders.fulfilment import Fulfilment
from orders.worker import Default

__all__ = ["Default", "Fulfilment"]
