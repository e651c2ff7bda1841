"""The agents' desk of carpool money: inbox, requests, batches, months, cases, people at the counter, fraud alerts.

inbox requests people identity   what waits, payment requests, people at the counter
batches returns months debts     money until the bank and back
cases fraud                      complaints, claims and bans; alerts
shared words                     what these pages share, in forms and in words
"""

# each puts its views on `covoit.web.bp`
from covoit.web.money import batches, cases, debts, fraud, identity, inbox, months, people, requests, returns  # noqa: F401
