"""Solvers of open data: the audit of tables, complementary suppression, differences between feeds."""
