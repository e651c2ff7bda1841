"""The pages of families: who is entitled, registering, each child's file, the other parent."""

# each puts its views on `bp`
from scolaire.web.families import files, joining, pages, register  # noqa: F401 - for the views they declare
