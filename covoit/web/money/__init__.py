"""The agents' desk of carpool money: inbox, requests, batches, months, cases, people at the counter, fraud alerts."""

# each puts its views on `covoit.web.bp`
from covoit.web.money import batches, cases, debts, fraud, identity, inbox, months, people, requests, returns  # noqa: F401
