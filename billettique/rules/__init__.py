"""The rules of ticketing, as pure functions that read like the texts they apply.

fares tariffs areas networks   the rules of fares; the tariff of a day; where a ticket is good, and on whose lines
places placing changes         where a tariff's places are, how they are drawn up, what a version changes
promotions                     what an offer takes off
entitlements issuing tickets   from an item sold to the ticket that is signed
fcb3 fcb3_parts fdc1 u2 uper   the codec of the ticket, by the norms
keys verify uses               whether a code is a good ticket here and now, and which use was the first
usage                          from taps to loads and revenue by line
payments refunds disputes      what makes a payment move, what is given back, what a bank decides
reconcile invoices fec         a provider's account against ours, lines of invoices, entries
cash rounds clearing           a till, an inspector's round, what networks owe one another
cases                          what is owed after a constat, what may be shown of a person
"""
