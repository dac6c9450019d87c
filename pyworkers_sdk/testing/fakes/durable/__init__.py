"""Durable Objects over memory."""
