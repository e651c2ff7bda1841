"""Bytes from values: the picture of a day, the driver's sheet, GTFS-Flex."""
