"""Those who judge files before they are published, each by its own means, all answering alike (`model.checks.Judge`).

One that is not installed or not set up answers that it did not run, and why. What is installed must agree; what is not
cannot be asked: `required` says which of the two.

own national canonical guru together        judges of a GTFS, ours and others', and what they read once for all
netex_schema netex_links netex_glance xsd   of NeTEx
realtime siri shared_vehicles               of what is told live
catalogue answers                           of the catalogue; what answers have in common
"""

from typing import TYPE_CHECKING

from opendata.gateway.judges.canonical import Canonical
from opendata.gateway.judges.catalogue import CatalogueShapes
from opendata.gateway.judges.guru import Guru
from opendata.gateway.judges.national import NationalRules
from opendata.gateway.judges.netex_links import NetexLinks
from opendata.gateway.judges.netex_schema import NetexSchema
from opendata.gateway.judges.own import OwnRules
from opendata.gateway.judges.realtime import RealtimeReference, RealtimeRules
from opendata.gateway.judges.shared_vehicles import GbfsReference, GbfsRules
from opendata.gateway.judges.siri import SiriRules, SiriSchema

if TYPE_CHECKING:
    from datetime import datetime

    from mobigo.infra.config import Config
    from opendata.model.checks import Judge


def judges(config: "Config") -> "list[Judge]":
    """Every judge we know, in the order in which what they say is shown."""
    return [
        OwnRules(),
        Guru(),
        Canonical(jar=config.gtfs_validator_jar),
        NationalRules(),
        NetexLinks(),
        NetexSchema(config.netex_xsd),
        RealtimeRules(),
        RealtimeReference(),
        GbfsRules(),
        GbfsReference(),
        SiriRules(),
        SiriSchema(config.siri_xsd),
        CatalogueShapes(config.dcat_shapes),
    ]


def live_judges(config: "Config", now: "datetime") -> "list[Judge]":
    """Those who judge what is told at this very instant."""
    return [
        RealtimeRules(), RealtimeReference(at=now), GbfsRules(), GbfsReference(), SiriRules(),
        SiriSchema(config.siri_xsd),
    ]  # fmt: skip


__all__ = [
    "Canonical",
    "CatalogueShapes",
    "GbfsReference",
    "GbfsRules",
    "Guru",
    "NationalRules",
    "NetexLinks",
    "NetexSchema",
    "OwnRules",
    "RealtimeReference",
    "RealtimeRules",
    "SiriRules",
    "SiriSchema",
    "judges",
    "live_judges",
]
