"""The agents' desk of registrations: what waits, each file, forms on paper; organisations see their own pupils."""

# each puts its views on `bp`
from scolaire.web.desk import file, imports, inbox, notices, organisation, paper, reference  # noqa: F401 - for the views they declare
