"""What the GTFS Schedule reference says of each file: columns, types, presence, keys and references.

Source: GTFS Schedule reference (gtfs.org/documentation/schedule/reference), revision of 2025. Written as a table that
reads like the reference: `name type [required|recommended] [-> table.column …]`, an asterisk for the columns of the
primary key.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a value is written."""

    ID = "id"
    TEXT = "text"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    LANGUAGE = "lang"
    ZONE = "zone"
    COLOR = "color"
    CURRENCY = "currency"
    DATE = "date"
    TIME = "time"
    LAT = "lat"
    LON = "lon"
    FLOAT = "float"
    FLOAT_NOT_NEGATIVE = "float+"
    INTEGER = "int"
    INTEGER_NOT_NEGATIVE = "int+"
    INTEGER_POSITIVE = "int++"
    ENUM = "enum"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. `allowed` are an enumeration's values; `refers` the tables and columns where an id must be
    found (any of them)."""

    name: str
    kind: Kind
    required: bool = False
    recommended: bool = False
    in_key: bool = False
    allowed: frozenset[str] = frozenset()
    refers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A file of the reference. `blocking` columns are those without which nothing can be read from it."""

    name: str
    columns: dict[str, Column]
    required: bool = False
    recommended: bool = False
    single: bool = False  # holds one record

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.columns.values() if column.in_key)


_ROUTE_TYPES = "0-7,11,12,100-117,200-209,400-405,700-717,800,900-906,1000,1100,1200,1300-1307,1400,1500-1507,1700,1702"

_REFERENCE = f"""
agency required
    *agency_id id
    agency_name text required
    agency_url url required
    agency_timezone zone required
    agency_lang lang
    agency_phone phone
    agency_fare_url url
    agency_email email
    cemv_support enum 0-2
stops
    *stop_id id required
    stop_code text
    stop_name text
    tts_stop_name text
    stop_desc text
    stop_lat lat
    stop_lon lon
    zone_id id
    stop_url url
    location_type enum 0-4
    parent_station id -> stops.stop_id
    stop_timezone zone
    wheelchair_boarding enum 0-2
    level_id id -> levels.level_id
    platform_code text
    stop_access enum 0-1
routes required
    *route_id id required
    agency_id id -> agency.agency_id
    route_short_name text
    route_long_name text
    route_desc text
    route_type enum required {_ROUTE_TYPES}
    route_url url
    route_color color
    route_text_color color
    route_sort_order int+
    continuous_pickup enum 0-3
    continuous_drop_off enum 0-3
    network_id id
    cemv_support enum 0-2
trips required
    route_id id required -> routes.route_id
    service_id id required -> calendar.service_id calendar_dates.service_id
    *trip_id id required
    trip_headsign text
    trip_short_name text
    direction_id enum 0-1
    block_id id
    shape_id id -> shapes.shape_id
    wheelchair_accessible enum 0-2
    bikes_allowed enum 0-2
    cars_allowed enum 0-2
    safe_duration_factor float
    safe_duration_offset float
stop_times required
    *trip_id id required -> trips.trip_id
    arrival_time time
    departure_time time
    stop_id id -> stops.stop_id
    location_group_id id -> location_groups.location_group_id
    location_id id
    *stop_sequence int+ required
    stop_headsign text
    start_pickup_drop_off_window time
    end_pickup_drop_off_window time
    pickup_type enum 0-3
    drop_off_type enum 0-3
    continuous_pickup enum 0-3
    continuous_drop_off enum 0-3
    shape_dist_traveled float+
    timepoint enum 0-1
    pickup_booking_rule_id id -> booking_rules.booking_rule_id
    drop_off_booking_rule_id id -> booking_rules.booking_rule_id
calendar
    *service_id id required
    monday enum required 0-1
    tuesday enum required 0-1
    wednesday enum required 0-1
    thursday enum required 0-1
    friday enum required 0-1
    saturday enum required 0-1
    sunday enum required 0-1
    start_date date required
    end_date date required
calendar_dates
    *service_id id required
    *date date required
    exception_type enum required 1-2
fare_attributes
    *fare_id id required
    price float+ required
    currency_type currency required
    payment_method enum required 0-1
    transfers enum 0-2
    agency_id id -> agency.agency_id
    transfer_duration int+
fare_rules
    *fare_id id required -> fare_attributes.fare_id
    *route_id id -> routes.route_id
    *origin_id id -> stops.zone_id
    *destination_id id -> stops.zone_id
    *contains_id id -> stops.zone_id
timeframes
    *timeframe_group_id id required
    *start_time time
    *end_time time
    *service_id id required -> calendar.service_id calendar_dates.service_id
rider_categories
    *rider_category_id id required
    rider_category_name text required
    is_default_fare_category enum 0-1
    eligibility_url url
fare_media
    *fare_media_id id required
    fare_media_name text
    fare_media_type enum required 0-4
fare_products
    *fare_product_id id required
    fare_product_name text
    *rider_category_id id -> rider_categories.rider_category_id
    *fare_media_id id -> fare_media.fare_media_id
    amount float required
    currency currency required
fare_leg_rules
    leg_group_id id
    *network_id id -> routes.network_id networks.network_id
    *from_area_id id -> areas.area_id
    *to_area_id id -> areas.area_id
    *from_timeframe_group_id id -> timeframes.timeframe_group_id
    *to_timeframe_group_id id -> timeframes.timeframe_group_id
    *fare_product_id id required -> fare_products.fare_product_id
    rule_priority int+
fare_leg_join_rules
    *from_network_id id required -> routes.network_id networks.network_id
    *to_network_id id required -> routes.network_id networks.network_id
    *from_stop_id id -> stops.stop_id
    *to_stop_id id -> stops.stop_id
fare_transfer_rules
    *from_leg_group_id id -> fare_leg_rules.leg_group_id
    *to_leg_group_id id -> fare_leg_rules.leg_group_id
    *transfer_count int
    *duration_limit int++
    duration_limit_type enum 0-3
    fare_transfer_type enum required 0-2
    *fare_product_id id -> fare_products.fare_product_id
areas
    *area_id id required
    area_name text
stop_areas
    *area_id id required -> areas.area_id
    *stop_id id required -> stops.stop_id
networks
    *network_id id required
    network_name text
route_networks
    network_id id required -> networks.network_id
    *route_id id required -> routes.route_id
shapes
    *shape_id id required
    shape_pt_lat lat required
    shape_pt_lon lon required
    *shape_pt_sequence int+ required
    shape_dist_traveled float+
frequencies
    *trip_id id required -> trips.trip_id
    *start_time time required
    end_time time required
    headway_secs int++ required
    exact_times enum 0-1
transfers
    *from_stop_id id -> stops.stop_id
    *to_stop_id id -> stops.stop_id
    *from_route_id id -> routes.route_id
    *to_route_id id -> routes.route_id
    *from_trip_id id -> trips.trip_id
    *to_trip_id id -> trips.trip_id
    transfer_type enum 0-5
    min_transfer_time int+
pathways
    *pathway_id id required
    from_stop_id id required -> stops.stop_id
    to_stop_id id required -> stops.stop_id
    pathway_mode enum required 1-7
    is_bidirectional enum required 0-1
    length float+
    traversal_time int++
    stair_count int
    max_slope float
    min_width float+
    signposted_as text
    reversed_signposted_as text
levels
    *level_id id required
    level_index float required
    level_name text
location_groups
    *location_group_id id required
    location_group_name text
location_group_stops
    *location_group_id id required -> location_groups.location_group_id
    *stop_id id required -> stops.stop_id
booking_rules
    *booking_rule_id id required
    booking_type enum required 0-2
    prior_notice_duration_min int
    prior_notice_duration_max int
    prior_notice_last_day int
    prior_notice_last_time time
    prior_notice_start_day int
    prior_notice_start_time time
    prior_notice_service_id id -> calendar.service_id calendar_dates.service_id
    message text
    pickup_message text
    drop_off_message text
    phone_number phone
    info_url url
    booking_url url
translations
    *table_name text required
    *field_name text required
    *language lang required
    translation text required
    *record_id id
    *record_sub_id id
    *field_value text
feed_info recommended single
    feed_publisher_name text required
    feed_publisher_url url required
    feed_lang lang required
    default_lang lang
    feed_start_date date recommended
    feed_end_date date recommended
    feed_version text recommended
    feed_contact_email email
    feed_contact_url url
attributions
    *attribution_id id
    agency_id id -> agency.agency_id
    route_id id -> routes.route_id
    trip_id id -> trips.trip_id
    organization_name text required
    is_producer enum 0-1
    is_operator enum 0-1
    is_authority enum 0-1
    attribution_url url
    attribution_email email
    attribution_phone phone
"""


def _values(text: str) -> frozenset[str]:
    """`0-2,5` → 0 1 2 5."""
    values: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        values += [str(value) for value in range(int(first), int(last or first) + 1)]
    return frozenset(values)


def _column(line: str) -> Column:
    head, _, references = line.partition("->")
    name, kind, *rest = head.split()
    allowed = next((word for word in rest if word[0].isdigit()), None)
    refers = tuple((table, column) for table, _, column in (target.partition(".") for target in references.split()))
    return Column(
        name=name.lstrip("*"),
        kind=Kind(kind),
        required="required" in rest,
        recommended="recommended" in rest,
        in_key=name.startswith("*"),
        allowed=_values(allowed) if allowed else frozenset(),
        refers=refers,
    )


def _tables() -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for line in _REFERENCE.strip().splitlines():
        if not line.startswith(" "):
            name, *words = line.split()
            tables[name] = Table(name, {}, "required" in words, "recommended" in words, "single" in words)
        else:
            column = _column(line.strip())
            tables[name].columns[column.name] = column
    return tables


TABLES: dict[str, Table] = _tables()
FILES: frozenset[str] = frozenset({f"{name}.txt" for name in TABLES} | {"locations.geojson"})
