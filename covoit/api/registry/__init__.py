"""The registry for operators, in the dialect of the national one (RPC API v3.3)."""
