"""The outside of ticketing: dated files, what feeds tell, keys, payment providers.

fares networks place_files        our dated tariffs, which line is of which network, where a tariff's places are
gtfs_fares                        the fares that a feed tells
sales points_of_sale regies fec   dated terms of sale, who sells, the régies, the chart of accounts
penalties clearing                amounts of constats, conventions of clearing
keyfiles                          the private keys of sellers
psp                               the ways of being paid
"""
