"""The fake of each binding: a module, or a package for a product of several modules."""
