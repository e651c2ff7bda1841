"""Tables and queries of ticketing.

tariffs promotions                             versions of tariffs, offers
orders partners payments means subscriptions   what is bought, and how it is paid
notices balance                                what providers told us, and their own accounts
tickets keys                                   rights to travel and codes; the public keys of sellers
validations usage                              what devices told, for 48 hours, and what is left of it
inspections rounds give_backs                  cases, receipts of rounds, penalties to be given back
invoices cash clearing                         invoices without a gap, tills and régies, clearing statements
reasons                                        reasons as rows keep them
"""
