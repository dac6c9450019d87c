"""What wrangler.jsonc names as the Worker's main module."""

from chat.room import ChatRoom
from chat.worker import Default

__all__ = ["ChatRoom", "Default"]
