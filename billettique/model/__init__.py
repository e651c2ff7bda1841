"""What ticketing is made of, as frozen values: no clock, database, page or network here.

tariffs fares spots       a tariff, the fares of a feed, stops as a tariff's places need them
orders sales promotions   what is bought, the terms of the day, what an offer takes off
payments                  being paid, behind one interface
entitlements ticket       the right to travel, and the signed ticket
use cases                 what devices tell of a day; what follows a check without a good ticket
regie fec clearing        public money held, its entries, what networks owe one another
"""
