"""School transport out: values in, bytes out.

letter change_letters annex sheets               papers for families, contracts and drivers
plan_json plan_csv plan_map change_map way_map   a plan as text, tables and drawings
gtfs public_gtfs opendata                        for reusers
"""
