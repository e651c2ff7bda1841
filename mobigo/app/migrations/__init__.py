"""The schema's history, for Alembic. One revision until the first release (see `regenerate`)."""
