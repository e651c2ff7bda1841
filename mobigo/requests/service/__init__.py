"""One function per use case of requests."""
