"""Tables of on-demand transport: services, days with their rounds, bookings and how to reach those who travel."""
