"""The rules a feed is held against: pure functions from exact tables to findings."""
