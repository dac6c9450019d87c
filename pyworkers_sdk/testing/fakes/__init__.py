"""One module, or package, for the fake of each binding."""
