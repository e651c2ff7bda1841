"""What the network package does, one function per use case; the web, the commands and the jobs call these.

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
