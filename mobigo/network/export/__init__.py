"""Feeds out: values in, bytes out."""
