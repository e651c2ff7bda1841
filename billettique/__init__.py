"""Ticketing: fares, orders, payments, tickets, inspection, clearing."""
