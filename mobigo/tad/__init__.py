"""On-demand transport (transport à la demande): zones, bookings, vehicle rounds."""
