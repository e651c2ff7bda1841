"""Searches on the streets, and the graph they read.

build       ways and points to junctions, stretches and edges
nearest     a position to the nearest stretch one may use
costs       who one is to what each edge costs
spread      bounded Dijkstra from a position
routes      what a spread tells: times to positions, and the ways
drawing     the lines of ways
turns       their steps in words
links       walks between stops, for the compiler of the network
drive       customizable contraction hierarchies: driving matrices
"""
