"""Frozen values of on-demand transport."""
