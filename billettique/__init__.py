"""Ticketing (billettique): fares, orders and payments, the signed ticket, inspection, the counter, clearing.

model     fares and tariffs, orders and payments, the ticket: frozen values
rules     matching and transfers, the ticket's codec and verdicts, keys, refunds, taxes
engine    the cheapest combination of products, explained
store     tables and queries                 gateway   tariff files, payment providers
export    GTFS fares, receipts and invoices, accounting papers
service   one function per use case          web api cli tasks   parse, one call, render
"""
