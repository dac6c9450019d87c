"""From a wrangler configuration to a Worker on the fakes."""
