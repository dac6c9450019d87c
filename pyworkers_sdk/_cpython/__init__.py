"""The JavaScript platform on plain CPython, as much of it as Workers use."""
