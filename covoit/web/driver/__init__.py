"""A driver's own space: what may be asked for, what each trip is worth and why, where to be paid, complaints,
decisions, papers; and a passenger's own journeys. All is the signed-in person's; what is another's does not exist here.
"""

# each puts its views on `covoit.web.bp`
from covoit.web.driver import account, asking, money, papers, rides

__all__ = ["account", "asking", "money", "papers", "rides"]
