# ruff: noqa: E501 - a line of a table reads as one line
"""A small GTFS with something in every table our rules look at, and no fault; and faults made on purpose, each a single
line changed, added or taken out. What the reference validator says of each is recorded beside this file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

TODAY: Final = date(2025, 3, 18)
RECORDED: Final = Path(__file__).with_name("gtfs_mutations.txt")

BASE: Final[Mapping[str, str]] = {
    "agency.txt": """agency_id,agency_name,agency_url,agency_timezone,agency_lang,agency_phone,agency_email
A,Mobigo,https://www.viamobigo.fr,Europe/Paris,fr,03 80 11 29 29,contact@viamobigo.fr
""",
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,level_id,wheelchair_boarding,zone_id,platform_code
S,Dijon-Ville,47.3234,5.0272,1,,,1,,
D,Dijon-Ville voie 1,47.3235,5.0273,0,S,L0,1,z1,1
E,Dijon-Ville entrée,47.3236,5.0274,2,S,L0,1,,
N,,47.3235,5.0274,3,S,L0,,,
B,Beaune,47.0233,4.8477,,,,0,z1,
C,Chalon,46.7816,4.8430,,,,,z2,
""",
    "levels.txt": """level_id,level_index,level_name
L0,0,Rez-de-chaussée
""",
    "pathways.txt": """pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,traversal_time,length
p1,E,N,1,1,20,30
p2,N,D,1,1,30,40
""",
    "routes.txt": """route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color
R,A,TER,Dijon – Chalon,2,0B5D4B,FFFFFF
Q,A,12,Beaune – Chalon,3,7B1E3B,FFFFFF
""",
    "trips.txt": """route_id,service_id,trip_id,trip_headsign,shape_id,block_id,direction_id,wheelchair_accessible,bikes_allowed
R,W,t1,Gare de Chalon,X,v1,0,1,1
R,W,t2,Gare de Chalon,,v1,0,1,1
Q,W,f1,Centre,,,0,1,1
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type,shape_dist_traveled,timepoint
t1,08:00:00,08:00:00,D,1,0,0,0,1
t1,08:20:00,08:21:00,B,2,0,0,35,1
t1,08:40:00,08:40:00,C,3,0,0,61,1
t2,23:50:00,23:50:00,D,1,0,0,,1
t2,24:10:00,24:11:00,B,2,0,0,,1
t2,24:30:00,24:30:00,C,3,0,0,,1
f1,06:00:00,06:00:00,B,1,0,0,,1
f1,06:30:00,06:30:00,C,2,0,0,,1
""",
    "shapes.txt": """shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled
X,47.3235,5.0273,1,0
X,47.0233,4.8477,2,35
X,46.7816,4.8430,3,61
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,0,0,20250101,20251231
""",
    "calendar_dates.txt": """service_id,date,exception_type
W,20250501,2
""",
    "frequencies.txt": """trip_id,start_time,end_time,headway_secs,exact_times
f1,06:00:00,09:00:00,1800,0
f1,16:00:00,19:00:00,1800,0
""",
    "transfers.txt": """from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id,from_route_id,to_route_id
B,B,2,120,,,,
D,D,0,,,,R,R
B,B,1,,t1,f1,,
""",
    "fare_attributes.txt": """fare_id,price,currency_type,payment_method,transfers,agency_id
f,1.50,EUR,0,0,A
""",
    "fare_rules.txt": """fare_id,route_id,origin_id,destination_id
f,R,z1,z2
""",
    "areas.txt": """area_id,area_name
a1,Dijon
a2,Chalon
""",
    "stop_areas.txt": """area_id,stop_id
a1,D
a2,C
""",
    "networks.txt": """network_id,network_name
n,Mobigo
""",
    "route_networks.txt": """network_id,route_id
n,R
n,Q
""",
    "timeframes.txt": """timeframe_group_id,start_time,end_time,service_id
jour,05:00:00,20:00:00,W
soir,20:00:00,24:00:00,W
""",
    "rider_categories.txt": """rider_category_id,rider_category_name,is_default_fare_category,eligibility_url
adulte,Adulte,1,https://www.viamobigo.fr/tarifs
jeune,Jeune,0,https://www.viamobigo.fr/tarifs
""",
    "fare_media.txt": """fare_media_id,fare_media_name,fare_media_type
carte,Carte Mobigo,2
""",
    "fare_products.txt": """fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency
billet,Billet,adulte,carte,1.50,EUR
billet,Billet,jeune,carte,1.00,EUR
""",
    "fare_leg_rules.txt": """leg_group_id,network_id,from_area_id,to_area_id,from_timeframe_group_id,to_timeframe_group_id,fare_product_id
g,n,a1,a2,jour,jour,billet
""",
    "fare_transfer_rules.txt": """from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type,fare_product_id
g,g,1,3600,1,0,
""",
    "booking_rules.txt": """booking_rule_id,booking_type,prior_notice_duration_min,prior_notice_duration_max,prior_notice_last_day,prior_notice_last_time,prior_notice_start_day,prior_notice_start_time,phone_number
b1,1,60,,,,,,03 80 11 29 29
b2,2,,,1,17:00:00,7,08:00:00,03 80 11 29 29
""",
    "translations.txt": """table_name,field_name,language,translation,record_id,record_sub_id,field_value
stops,stop_name,en,Beaune (town),B,,
""",
    "attributions.txt": """attribution_id,agency_id,organization_name,is_producer,is_operator,is_authority,attribution_url
at,A,Région,1,0,1,https://www.viamobigo.fr
""",
    "feed_info.txt": """feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,feed_contact_email
Mobigo,https://www.viamobigo.fr,fr,20250101,20251231,1,contact@viamobigo.fr
""",
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One line of one file: `old` becomes `new`; "" for a line added at the end, or taken out. `errors`: the codes of
    gravity ERROR that the reference gives."""

    file: str
    old: str
    new: str
    errors: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.file}: {self.old or '+'} → {self.new or '–'}"

    def files(self) -> dict[str, str]:
        """The feed with this line changed."""
        text = BASE[f"{self.file}.txt"]
        if not self.old:
            changed = f"{text}{self.new}\n"
        else:
            assert f"{self.old}\n" in text, self.name
            changed = text.replace(f"{self.old}\n", f"{self.new}\n" if self.new else "", 1)
        return {**BASE, f"{self.file}.txt": changed}


def mutations() -> Iterator[Mutation]:
    """Every fault of the recorded table: file | line | line instead | codes."""
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            file, old, new, codes = (part.strip() for part in line.split("|"))
            yield Mutation(file, old, new, frozenset(codes.split()))
