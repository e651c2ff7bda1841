"""The same rules over many trips at once: recomputing a year, simulating a scale."""
