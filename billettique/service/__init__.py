"""One function per use case.

quoting comparing travellers journeys              what a journey costs, for whom; one trip or a week
shelf baskets reductions promotions seats titles   what is on sale, a basket, offers on it, what others hold for it
orders fulfilment issuing mails addresses          an order until the ticket is in hand, and what a buyer is written
payments intake webhooks listening waking          being paid, what providers tell us and who is told in turn
means subscriptions sweeping                       debits agreed beforehand, passes that go on, what is left behind
partners                                           sales by API
tickets exchanges reissuing keys                   what happens to a ticket, a key, and after a stolen one
payment_refunds refunds disputes give_backs        money given back, and taken back by a bank
invoices books fec                                 invoices; what selling writes into the ledger, the entries of a year
reconcile quarantine                               each provider's own account against ours
cash counter regie_state clearing                  a till's day, the counter, the months of régies and between networks
inspection rounds sync records lost_telephones     what inspectors need, and what devices tell
cases case_money contests                          from a constat to its end
usage served_lines spots                           what is known of use; lines and stops as counts and tariffs need them
tariffs placing simulating telling                 versions of a tariff; what holders are written
publication                                        tables for publication
buyers personal                                    what is held of one person, and how it is forgotten
"""
