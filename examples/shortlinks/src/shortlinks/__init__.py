"""A link shortener: ``worker`` speaks HTTP, ``links`` stores the links."""
