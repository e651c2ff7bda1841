"""The compiler of the network, feed tables in, flat arrays out, and the pure readers of those arrays.

columns     strings of a feed to numbers
calendars   services to day bitfields
visits      stop_times to one ordered, complete, checked list per trip
runs        trips, frequencies and blocks to what vehicles drive
transfers   walks, changes, and the copies of stops that transfers with a scope need
patterns    runs to FIFO patterns and shared rows of times
bounds      least travel times to and from landmarks
compile     all of it, in order
"""
