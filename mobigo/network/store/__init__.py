"""What the network package keeps: feeds and their versions, sources, places, compiled networks."""
