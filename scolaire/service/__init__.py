"""School transport, one function per use case."""
