"""What runs and where: GTFS in, validation, versions, and the compiled timetable every search reads.

model     feeds, places, the compiled timetable, what is told live, streets, car parks: frozen values
rules     what is wrong with a feed, by file, line and column; identity of places
engine    compiling to arrays, realtime over them, streets and their searches
store     versions, places, sources, the pointer to what is in use
gateway   archives and tables as they were written, realtime, GBFS, extracts of OpenStreetMap
export    GTFS to the byte, NeTEx, Parquet, GeoJSON
service   importing, building, publishing, looking at sources
web cli tasks   feeds and their reports; the same in commands and jobs
"""
