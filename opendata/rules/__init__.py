"""Rules of publication, as pure functions."""
