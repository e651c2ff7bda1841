"""Values in, bytes out.

ticket invoice                                  a ticket on paper, an invoice as a tagged PDF
employer disputes                               the certificate for an employer, the answer to a payer's bank
regie fec                                       the papers of a régie, the accounting entries of a year
fares netex_fares netex_usage netex_discounts   a tariff for reusers: GTFS-Fares and NeTEx
gtfs_document tariff_text                       a tariff version read from a feed, and as text
opendata                                        what ticketing offers for publication
"""
