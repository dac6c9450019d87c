"""The main module of the Worker, as wrangler.jsonc names it."""

from orders.fulfilment import Fulfilment
from orders.worker import Default

__all__ = ["Default", "Fulfilment"]
