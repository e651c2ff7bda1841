"""The outside of the network package: archives, CSV, feed sources on the web.

archive limits encoding        a zip or a folder, within bounds, whose letters are found out
csvtable csv_strict csv_fast   tables, checked strictly or quickly
gtfs gtfs_realtime kit         feeds and messages as they come; statistics by gtfs-kit, which only it knows
netex siri_read siri_json      the same in the European norms
gbfs parks osm ban             shared bicycles, car parks, the map, addresses
fetch                          sources on the web
"""
