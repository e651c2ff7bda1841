"""The outside of the network package: archives, CSV, feed sources on the web."""
