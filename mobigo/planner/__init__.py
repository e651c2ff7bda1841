"""Journey search over the compiled network, and its faces: web, API, command line."""
