"""The services of a day: who counts aboard, what is replaced, who accompanies; and what counts say to agents."""

# each puts its views on `bp`
from scolaire.web.days import counting, doubling, escorting, judging, numbering, sending, substituting  # noqa: F401 - for the views they declare
