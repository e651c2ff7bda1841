"""Open data: catalogue, judges, anonymisation, publication."""
