"""What runs a Worker on plain CPython."""
