"""The outside: fare files, feeds."""
