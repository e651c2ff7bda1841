"""What carpool is made of, as frozen values: no clock, database, page or network here.

journeys proofs registry   one driver–passenger pair, what proves it, what the registry says of it
lines bookings communes    lines and stops, offers and bookings, outlines
scale campaign pricing     a scale, a campaign, what pricing a trip answers
claims payments            what people ask, what moves until the bank
fraud figures              what a check looks at; sums for those who decide
"""
