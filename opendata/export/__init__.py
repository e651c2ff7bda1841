"""Publications out: values in, bytes out."""
