"""HTML as the runtime's rewriter reads it."""
