"""A link shortener: ``worker`` speaks HTTP, ``links`` keeps the links."""
