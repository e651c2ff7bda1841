"""The outside: travel times of the road, services in files."""
