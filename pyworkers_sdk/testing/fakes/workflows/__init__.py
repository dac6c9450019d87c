"""Workflows over memory."""
