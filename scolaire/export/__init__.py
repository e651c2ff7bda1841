"""School transport out: values in, bytes out."""
