"""What the network package does, one function per use case; the web, the commands and the jobs call these.

importing reports publishing sources      a feed in, what is said of it, its files out; where it comes from
building streets addressing               the network, the streets, the addresses
realtime observing tracking disruptions   the day as it runs, what is kept of it, what agents say
parks shared                              car parks, shared bicycles
scenarios regional                        the network as it could be; the whole offer as one GTFS

polars and numba are imported inside the functions that need them, so that a process that only asks for a list stays
light.
"""

from mobigo.network.service.building import build_network
from mobigo.network.service.importing import Tools, import_feed, read_tables_of
from mobigo.network.service.reports import explain, report_json
from mobigo.network.service.sources import add_source, poll_source, poll_sources, warn_of_expiry
from mobigo.network.service.streets import forget_streets, import_streets

__all__ = [
    "Tools",
    "add_source",
    "build_network",
    "explain",
    "forget_streets",
    "import_feed",
    "import_streets",
    "poll_source",
    "poll_sources",
    "read_tables_of",
    "report_json",
    "warn_of_expiry",
]
