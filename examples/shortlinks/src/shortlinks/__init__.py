"""A link shortener: ``worker`` handles HTTP, ``links`` stores the links."""
