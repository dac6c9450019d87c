"""Random inputs for the code that reads text of strangers. ``report`` has the common parts."""
