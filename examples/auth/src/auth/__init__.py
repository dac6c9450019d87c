"""Accounts: ``worker`` speaks HTTP, ``passwords`` hashes, ``tokens`` signs and verifies."""
