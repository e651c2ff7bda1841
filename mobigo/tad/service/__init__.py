"""Use cases of on-demand transport, one function each."""
