# ruff: noqa: E501 - a case reads as one line
"""Each rule on a tiny feed with one fault: its code, and the file, line, column and value of the example."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mobigo.infra.i18n import catalogue, sentence
from mobigo.network.gateway import gtfs
from mobigo.network.model.notices import Severity
from mobigo.network.model.report import EXAMPLES_MAX, Report, from_json, merged, to_json
from mobigo.network.rules.codes import SEVERITIES
from mobigo.network.rules.lines import same_zone
from mobigo.network.rules.validation import examine, validate
from mobigo.network.service import explain

TODAY = date(2025, 3, 18)

# A feed without any fault that the rules know: what each case below changes is all that is wrong.
SOUND: Mapping[str, str] = {
    "agency.txt": """agency_id,agency_name,agency_url,agency_timezone
A,Mobigo,https://www.viamobigo.fr,Europe/Paris
""",
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
S,Dijon-Ville,47.3234,5.0272,1,
D,Dijon-Ville voie 1,47.3235,5.0273,0,S
B,Beaune,47.0233,4.8477,,
C,Chalon,46.7816,4.8430,,
""",
    "routes.txt": """route_id,agency_id,route_short_name,route_long_name,route_type
R,A,TER,Dijon – Chalon,2
""",
    "trips.txt": """route_id,service_id,trip_id,trip_headsign,shape_id,block_id
R,W,t1,Chalon,,
R,W,t2,Chalon,,
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type
t1,08:00:00,08:00:00,D,1,0
t1,08:20:00,08:21:00,B,2,0
t1,08:40:00,08:40:00,C,3,0
t2,23:50:00,23:50:00,D,1,0
t2,24:10:00,24:11:00,B,2,0
t2,24:30:00,24:30:00,C,3,0
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,0,0,20250101,20251231
""",
    "feed_info.txt": """feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,feed_contact_email
Mobigo,https://www.viamobigo.fr,fr,20250101,20251231,1,contact@viamobigo.fr
""",
}

Change = Callable[[dict[str, str]], None]


def without(*names: str) -> Change:
    def change(files: dict[str, str]) -> None:
        for name in names:
            del files[f"{name}.txt"]

    return change


def swap(name: str, old: str, new: str) -> Change:
    def change(files: dict[str, str]) -> None:
        assert old in files[f"{name}.txt"], old
        files[f"{name}.txt"] = files[f"{name}.txt"].replace(old, new, 1)

    return change


def add(name: str, *lines: str) -> Change:
    def change(files: dict[str, str]) -> None:
        files[f"{name}.txt"] = files.get(f"{name}.txt", "") + "".join(f"{line}\n" for line in lines)

    return change


def both(*changes: Change) -> Change:
    def change(files: dict[str, str]) -> None:
        for each in changes:
            each(files)

    return change


@dataclass(frozen=True)
class Case:
    name: str
    change: Change
    code: str
    where: tuple[str, int | None, str | None, str | None] | None = None
    total: int = 1
    blocking: bool = False


FREQUENCIES = "trip_id,start_time,end_time,headway_secs"
TRANSFERS = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id,from_route_id"
PATHWAYS = "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional"
TRANSLATIONS = "table_name,field_name,language,translation,record_id,field_value"
SHAPES = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled"
DATES = "service_id,date,exception_type"

TIMEFRAMES = "timeframe_group_id,start_time,end_time,service_id"
LEGS = "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type"
BOOKINGS = (
    "booking_rule_id,booking_type,prior_notice_duration_min,prior_notice_duration_max,prior_notice_last_day,"
    "prior_notice_last_time,prior_notice_start_day,prior_notice_start_time,prior_notice_service_id"
)
# Trip t1 along a shape, kilometres told on both: 0 at Dijon, 35 at Beaune, 61 at Chalon.
SHAPED = both(
    add("shapes", SHAPES, "X,47.3235,5.0273,1,0", "X,47.0233,4.8477,2,35", "X,46.7816,4.8430,3,61"),
    swap("trips", "R,W,t1,Chalon,,", "R,W,t1,Chalon,X,"),
    swap("stop_times", "pickup_type", "pickup_type,shape_dist_traveled"),
    swap("stop_times", "08:00:00,D,1,0", "08:00:00,D,1,0,0"),
    swap("stop_times", "08:21:00,B,2,0", "08:21:00,B,2,0,35"),
    swap("stop_times", "08:40:00,C,3,0", "08:40:00,C,3,0,61"),
    swap("stop_times", "23:50:00,D,1,0", "23:50:00,D,1,0,"),
    swap("stop_times", "24:11:00,B,2,0", "24:11:00,B,2,0,"),
    swap("stop_times", "24:30:00,C,3,0", "24:30:00,C,3,0,"),
)

CASES = [
    # files and columns
    Case("no agency", without("agency"), "missing_required_file", ("agency.txt", None, None, None), blocking=True),
    Case("no stops", without("stops"), "missing_required_file", ("stops.txt", None, None, None), blocking=True),
    Case("no trips", without("trips"), "missing_required_file", blocking=True),
    Case("no calendar at all", without("calendar"), "missing_calendar_and_calendar_date_files", blocking=True),
    Case("no feed_info", without("feed_info"), "missing_recommended_file", ("feed_info.txt", None, None, None)),
    Case(
        "trips without trip_id",
        swap("trips", "trip_id", "course"),
        "missing_required_column",
        ("trips.txt", 1, "trip_id", None),
        blocking=True,
    ),
    Case(
        "agency without name",
        swap("agency", "agency_name", "nom"),
        "missing_required_column",
        ("agency.txt", 1, "agency_name", None),
    ),
    Case("trips without a record", swap("trips", "R,W,t1,Chalon,,\nR,W,t2,Chalon,,\n", ""), "mobigo_empty_table", blocking=True),
    Case("an unknown column", swap("trips", "block_id", "colour"), "unknown_column", ("trips.txt", 1, "colour", None)),
    Case("two feed_info records", add("feed_info", "M,https://x.fr,fr,20250101,20251231,1,a@b.fr"), "more_than_one_entity"),
    Case(
        "no version in feed_info",
        swap("feed_info", "20251231,1,", "20251231,,"),
        "missing_recommended_field",
        ("feed_info.txt", 2, "feed_version", ""),
    ),
    # values
    Case(
        "a trip without route",
        swap("trips", "R,W,t2", ",W,t2"),
        "missing_required_field",
        ("trips.txt", 3, "route_id", ""),
    ),
    Case("a time that is none", swap("stop_times", "08:20:00", "8h20"), "invalid_time", ("stop_times.txt", 3, "arrival_time", "8h20")),
    Case("a time without seconds", swap("stop_times", "08:20:00", "08:20"), "invalid_time"),
    Case("a date that is none", swap("calendar", "20250101", "20250230"), "invalid_date", ("calendar.txt", 2, "start_date", "20250230")),
    Case("a latitude that is none", swap("stops", "47.0233", "47,0233"), "invalid_row_length", ("stops.txt", 4, None, None)),
    Case("a latitude with words", swap("stops", "47.0233", "north"), "invalid_float", ("stops.txt", 4, "stop_lat", "north")),
    Case("a latitude out of range", swap("stops", "47.0233", "147.02"), "number_out_of_range", ("stops.txt", 4, "stop_lat", "147.02")),
    Case("a fraction of a sequence", swap("stop_times", "B,2", "B,1.5"), "invalid_integer"),
    Case("a pickup type of 7", swap("stop_times", "B,2,0", "B,2,7"), "unexpected_enum_value", ("stop_times.txt", 3, "pickup_type", "7")),
    Case("a route type of nothing", swap("routes", ",2\n", ",99\n"), "unexpected_enum_value", ("routes.txt", 2, "route_type", "99")),
    Case("a page that is none", swap("agency", "https://www", "www"), "invalid_url", ("agency.txt", 2, "agency_url", "www.viamobigo.fr")),
    Case("a zone that is none", swap("agency", "Europe/Paris", "Europe/Dijon"), "invalid_timezone", blocking=True),
    Case("an address that is none", swap("feed_info", "contact@", "contact"), "invalid_email"),
    Case("a language that is none", swap("feed_info", ",fr,", ",français,"), "invalid_language_code"),
    Case("a short colour", both(swap("routes", "route_type", "route_type,route_color"), swap("routes", ",2\n", ",2,F00\n")), "invalid_color", ("routes.txt", 2, "route_color", "F00")),
    Case("a currency in words", add("fare_attributes", "fare_id,price,currency_type,payment_method,transfers", "f,1,euro,0,0"), "invalid_currency"),
    Case("blanks around a value", swap("stops", "Beaune", "Beaune "), "leading_or_trailing_whitespaces", ("stops.txt", 4, "stop_name", "Beaune ")),
    Case("a line break in a name", swap("stops", "Beaune", '"Bea\nune"'), "new_line_in_value", ("stops.txt", 4, "stop_name", "Bea\nune")),
    Case("a lost character", swap("stops", "Beaune", "Be\ufffdune"), "invalid_character"),
    Case("an accented id", both(swap("routes", "R,A", "Ré,A"), swap("trips", "R,W,t1", "Ré,W,t1")), "non_ascii_or_non_printable_char"),
    # keys
    Case("a stop twice", add("stops", "B,Beaune,47.0233,4.8477,,"), "duplicate_key", ("stops.txt", 6, "stop_id", "B")),
    Case("a visit twice", add("stop_times", "t1,08:40:00,08:40:00,C,3,0"), "duplicate_key", ("stop_times.txt", 8, "trip_id", "t1")),
    Case("a visit of no trip", add("stop_times", "t9,08:40:00,08:40:00,C,3,0"), "foreign_key_violation", ("stop_times.txt", 8, "trip_id", "t9")),
    Case("a trip of no service", swap("trips", "R,W,t2", "R,X,t2"), "foreign_key_violation", ("trips.txt", 3, "service_id", "X")),
    Case("a trip of no route", swap("trips", "R,W,t2", "Q,W,t2"), "foreign_key_violation"),
    Case("a stop of no station", swap("stops", ",0,S", ",0,Z"), "foreign_key_violation", ("stops.txt", 3, "parent_station", "Z")),
    Case("visits that join no trip", swap("trips", "R,W,t1,Chalon,,\nR,W,t2", "R,W,a,Chalon,,\nR,W,b"), "mobigo_nothing_joins", ("stop_times.txt", None, "trip_id", None), blocking=True),
    Case("stops that join nothing", both(swap("stops", "\nD,", "\nd,"), swap("stops", "\nB,", "\nb,"), swap("stops", "\nC,", "\nc,")), "mobigo_nothing_joins", blocking=True),
    # stop_times
    Case("visits out of order", both(swap("stop_times", "t1,08:00:00,08:00:00,D,1,0\n", ""), add("stop_times", "t1,08:00:00,08:00:00,D,1,0")), "unsorted_stop_times", ("stop_times.txt", 7, "stop_sequence", "1")),
    Case("blank times", swap("stop_times", "08:20:00,08:21:00", ","), "mobigo_blank_times", ("stop_times.txt", 3, "arrival_time", "")),
    Case("an arrival only", swap("stop_times", "08:20:00,08:21:00", "08:20:00,"), "stop_time_with_only_arrival_or_departure_time"),
    Case("no time at the first stop", swap("stop_times", "08:00:00,08:00:00", ","), "missing_trip_edge", ("stop_times.txt", 2, "arrival_time", "")),
    Case("back in time", swap("stop_times", "08:40:00,08:40:00", "08:10:00,08:40:00"), "stop_time_with_arrival_before_previous_departure_time", ("stop_times.txt", 4, "arrival_time", "08:10:00")),
    Case("back in time over a blank", both(swap("stop_times", "08:20:00,08:21:00", ","), swap("stop_times", "08:40:00,08:40:00", "07:10:00,08:40:00")), "stop_time_with_arrival_before_previous_departure_time"),
    Case("departure before arrival", swap("stop_times", "08:20:00,08:21:00", "08:20:00,08:19:00"), "start_and_end_range_out_of_order", ("stop_times.txt", 3, "departure_time", "08:19:00")),
    Case("a 24-hour dwell", swap("stop_times", "24:10:00,24:11:00", "24:10:00,48:10:00"), "mobigo_long_dwell", ("stop_times.txt", 6, "departure_time", "48:10:00")),
    Case("too fast", swap("stop_times", "08:20:00,08:21:00", "08:01:00,08:21:00"), "fast_travel_between_consecutive_stops", ("stop_times.txt", 3, "arrival_time", "08:01:00")),
    Case("as fast as light", both(swap("stop_times", "08:20:00,08:21:00", "08:00:00,08:00:00"), swap("stop_times", "08:40:00,08:40:00", "08:00:00,08:00:00"), swap("stops", "47.0233,4.8477", "47.2635,5.0273"), swap("stops", "46.7816,4.8430", "47.2035,5.0273")), "fast_travel_between_far_stops", ("stop_times.txt", 4, "arrival_time", "08:00:00")),
    Case("distances that do not grow", both(swap("stop_times", "pickup_type", "shape_dist_traveled"), swap("stop_times", "C,3,0", "C,3,5"), swap("stop_times", "B,2,0", "B,2,5")), "decreasing_or_equal_stop_time_distance", ("stop_times.txt", 4, "shape_dist_traveled", "5"), 3),
    Case("an exact time that is blank", both(swap("stop_times", "pickup_type", "timepoint"), swap("stop_times", "08:20:00,08:21:00,B,2,0", ",,B,2,1")), "stop_time_timepoint_without_times"),
    Case("a call at a station", swap("stop_times", "D,1", "S,1"), "location_with_unexpected_stop_time", ("stop_times.txt", 2, "stop_id", "S")),
    Case("a trip without stops", add("trips", "R,W,t3,,,"), "unused_trip", ("trips.txt", 4, "trip_id", "t3")),
    Case("a trip with one stop", both(add("trips", "R,W,t3,,,"), add("stop_times", "t3,08:40:00,08:40:00,C,3,0")), "unusable_trip", ("trips.txt", 4, "trip_id", "t3")),
    Case("half a window", both(swap("stop_times", "pickup_type", "start_pickup_drop_off_window"), swap("stop_times", "08:20:00,08:21:00,B,2,0", ",,B,2,08:00:00")), "missing_pickup_or_drop_off_window"),
    # stops
    Case("swapped", swap("stops", "47.0233,4.8477", "4.8477,47.0233"), "mobigo_swapped_coordinates", ("stops.txt", 4, "stop_lat", "4.8477")),
    Case("at (0, 0)", swap("stops", "47.0233,4.8477", "0,0"), "point_near_origin", ("stops.txt", 4, "stop_lat", "0")),
    Case("at the pole", swap("stops", "47.0233", "89.5"), "point_near_pole"),
    Case("nowhere", swap("stops", "47.0233,4.8477", ","), "stop_without_location", ("stops.txt", 4, "stop_lat", "")),
    Case("without name", swap("stops", "Beaune", ""), "missing_stop_name", ("stops.txt", 4, "stop_name", "")),
    Case("without a call", add("stops", "X,Nuits,47.13,4.95,,"), "stop_without_stop_time", ("stops.txt", 6, "stop_id", "X")),
    Case("a station without stops", add("stops", "X,Nuits,47.13,4.95,1,"), "unused_station", ("stops.txt", 6, "stop_id", "X")),
    Case("a station in a station", both(add("stops", "X,Nuits,47.13,4.95,1,S")), "station_with_parent_station", ("stops.txt", 6, "parent_station", "S")),
    Case("an entrance of nothing", add("stops", "X,Nuits,47.13,4.95,2,"), "location_without_parent_station"),
    Case("a stop of a stop", swap("stops", "4.8430,,", "4.8430,,B"), "wrong_parent_location_type", ("stops.txt", 5, "parent_station", "B")),
    Case("a platform of nothing", both(swap("stops", "parent_station", "parent_station,platform_code"), swap("stops", "4.8430,,", "4.8430,,,2")), "platform_without_parent_station"),
    # lines
    Case("another zone than the network's", swap("agency", "Europe/Paris", "Europe/Zurich"), "mobigo_wrong_timezone", ("agency.txt", 2, "agency_timezone", "Europe/Zurich"), blocking=True),
    Case("two zones", add("agency", "B,Autre,https://b.fr,Europe/Zurich"), "inconsistent_agency_timezone", blocking=True),
    Case("two agencies, one unnamed", add("agency", ",Autre,https://b.fr,Europe/Paris"), "missing_required_agency_id"),
    Case("an agency without lines", add("agency", "B,Autre,https://b.fr,Europe/Paris"), "unused_agency"),
    Case("a line without names", swap("routes", "TER,Dijon – Chalon", ","), "route_both_short_and_long_name_missing"),
    Case("a long number", swap("routes", "TER", "TER Bourgogne"), "route_short_name_too_long"),
    Case("a name that repeats the number", swap("routes", "Dijon – Chalon", "TER Dijon"), "route_long_name_contains_short_name"),
    Case("a line without trips", add("routes", "Q,A,9,Neuf,3"), "unused_route", ("routes.txt", 3, "route_id", "Q")),
    Case("two lines of one name", add("routes", "Q,A,TER,Dijon – Chalon,2"), "duplicate_route_name"),
    Case("grey on grey", both(swap("routes", "route_type", "route_type,route_color,route_text_color"), swap("routes", ",2\n", ",2,808080,909090\n")), "route_color_contrast"),
    Case("a description that repeats the name", both(swap("routes", "route_type", "route_type,route_desc"), swap("routes", ",2\n", ",2,TER\n")), "same_name_and_description_for_route"),
    # days
    Case("an empty calendar", both(swap("calendar", "W,1,1,1,1,1,0,0,20250101,20251231\n", ""), add("calendar_dates", DATES, "W,20250319,1")), "mobigo_empty_calendar"),
    Case("dates only", both(without("calendar"), add("calendar_dates", DATES, "W,20250319,1")), "mobigo_calendar_dates_only"),
    Case("over", swap("calendar", "20251231", "20250301"), "mobigo_expired_feed"),
    Case("a calendar that is over", add("calendar", "V,1,1,1,1,1,0,0,20240101,20241231"), "expired_calendar", ("calendar.txt", 3, "service_id", "V")),
    Case("a calendar of no day", add("calendar", "V,0,0,0,0,0,0,0,20250101,20251231"), "service_never_active"),
    Case("no day of the week", add("calendar", "V,0,0,0,0,0,0,0,20250101,20251231"), "service_has_no_active_day_of_the_week"),
    Case("ends before it begins", add("calendar", "V,1,1,1,1,1,0,0,20251231,20250101"), "start_and_end_range_out_of_order"),
    Case("no trip this week", swap("calendar", "20250101", "20250501"), "trip_coverage_not_active_for_next7_days"),
    Case("ends in 30 days", swap("feed_info", "20251231", "20250417"), "feed_expiration_date30_days"),
    Case("ends in 7 days", swap("feed_info", "20251231", "20250325"), "feed_expiration_date7_days"),
    Case("half the dates", swap("feed_info", "20250101,", ","), "missing_feed_info_date"),
    Case("no contact", swap("feed_info", "contact@viamobigo.fr", ""), "missing_feed_contact_email_and_url"),
    # vehicles
    Case("frequencies that overlap", add("frequencies", FREQUENCIES, "t1,06:00:00,09:00:00,600", "t1,08:59:59,10:00:00,600"), "overlapping_frequency", ("frequencies.txt", 3, "start_time", "08:59:59")),
    Case("a frequency that ends first", add("frequencies", FREQUENCIES, "t1,06:00:00,05:00:00,600"), "start_and_end_range_out_of_order"),
    Case("a frequency of no time", add("frequencies", FREQUENCIES, "t1,06:00:00,06:00:00,600"), "start_and_end_range_equal"),
    Case("a headway of 0", add("frequencies", FREQUENCIES, "t1,06:00:00,07:00:00,0"), "number_out_of_range"),
    Case("a vehicle in two places", both(swap("trips", "t1,Chalon,,", "t1,Chalon,,V"), swap("trips", "t2,Chalon,,", "t2,Chalon,,V"), swap("stop_times", "t2,23:50:00,23:50:00", "t2,08:30:00,08:30:00")), "block_trips_with_overlapping_stop_times"),
    Case("a vehicle of two kinds", both(add("routes", "Q,A,9,Neuf,3"), swap("trips", "t1,Chalon,,", "t1,Chalon,,V"), swap("trips", "R,W,t2,Chalon,,", "Q,W,t2,Chalon,,V")), "inconsistent_route_type_for_block_id"),
    # links
    Case("a transfer to nowhere", add("transfers", TRANSFERS, "B,Z,2,60,,,"), "foreign_key_violation", ("transfers.txt", 2, "to_stop_id", "Z")),
    Case("a transfer too far", add("transfers", TRANSFERS, "B,C,2,60,,,"), "transfer_distance_too_large"),
    Case("in-seat without trips", add("transfers", TRANSFERS, "B,B,4,,,,"), "missing_required_field", total=2),
    Case("a trip that does not call at the stop", both(add("stops", "X,Nuits,47.02,4.84,,"), add("transfers", TRANSFERS, "X,B,1,,t1,t2,")), "transfer_with_invalid_trip_and_stop", ("transfers.txt", 2, "from_trip_id", "t1")),
    Case("a trip of another line", both(add("routes", "Q,A,9,Neuf,3"), add("transfers", TRANSFERS, "B,B,1,,t1,t2,Q")), "transfer_with_invalid_trip_and_route"),
    Case("a change at an entrance", both(add("stops", "X,Nuits,47.02,4.84,2,S"), add("transfers", TRANSFERS, "X,B,0,,,,")), "transfer_with_invalid_stop_location_type"),
    Case("a pathway that loops", add("pathways", PATHWAYS, "p,D,D,1,1"), "pathway_loop"),
    Case("a pathway to a station", add("pathways", PATHWAYS, "p,D,S,1,1"), "pathway_to_wrong_location_type", ("pathways.txt", 2, "to_stop_id", "S")),
    Case("an exit gate both ways", add("pathways", PATHWAYS, "p,D,B,7,1"), "bidirectional_exit_gate"),
    Case("a node that leads nowhere", both(add("stops", "N,,47.02,4.84,3,S"), add("pathways", PATHWAYS, "p,D,N,1,1")), "pathway_dangling_generic_node"),
    Case("a platform that no entrance leads to", both(add("stops", "X,Hall,47.02,4.84,2,S"), add("pathways", PATHWAYS, "p,D,X,1,0")), "pathway_unreachable_location", ("stops.txt", 3, "stop_id", "D")),
    Case("a translation of nothing", add("translations", TRANSLATIONS, "stops,stop_name,en,Beaune,Z,"), "translation_foreign_key_violation", ("translations.txt", 2, "record_id", "Z")),
    Case("a translation of two things", add("translations", TRANSLATIONS, "stops,stop_name,en,Beaune,B,Beaune"), "translation_unexpected_value", ("translations.txt", 2, "field_value", "Beaune")),
    Case("a visit of nowhere", swap("stop_times", "B,2", ",2"), "missing_required_field", ("stop_times.txt", 3, "stop_id", "")),
    Case("a pathway to a divided platform", both(add("stops", "N,,47.02,4.84,4,D"), add("pathways", PATHWAYS, "p,B,D,1,1")), "pathway_to_platform_with_boarding_areas"),
    Case("a shape for nobody", add("shapes", SHAPES, "h,47,5,1,", "h,47.1,5,2,"), "unused_shape"),
    Case("a shape of one point", add("shapes", SHAPES, "h,47,5,1,"), "single_shape_point"),
    Case("a shape that goes back", add("shapes", SHAPES, "h,47,5,1,3", "h,47.1,5,2,2"), "decreasing_shape_distance"),
    Case("two points at one distance", add("shapes", SHAPES, "h,47,5,1,3", "h,47.1,5,2,3"), "equal_shape_distance_diff_coordinates"),
    Case("a point twice", add("shapes", SHAPES, "h,47,5,1,3", "h,47,5,2,3"), "equal_shape_distance_same_coordinates"),
    Case("an attribution of nothing", add("attributions", "organization_name", "X"), "attribution_without_role"),
    # others
    Case("two languages", both(swap("agency", "agency_timezone", "agency_timezone,agency_lang"), swap("agency", "Europe/Paris", "Europe/Paris,fr"), add("agency", "B,Autre,https://b.fr,Europe/Paris,de")), "inconsistent_agency_lang"),
    Case("a useless phone number", both(swap("agency", "agency_timezone", "agency_timezone,agency_phone"), swap("agency", "Europe/Paris", "Europe/Paris,--")), "invalid_phone_number"),
    Case("a line's page that is the agency's", both(swap("routes", "route_type", "route_type,route_url"), swap("routes", ",2\n", ",2,https://www.viamobigo.fr\n")), "same_route_and_agency_url"),
    Case("a stop's page that is the agency's", both(swap("stops", "parent_station", "parent_station,stop_url"), swap("stops", "4.8430,,", "4.8430,,,https://www.viamobigo.fr")), "same_stop_and_agency_url"),
    Case("a stop's page that is the line's", both(swap("routes", "route_type", "route_type,route_url"), swap("routes", ",2\n", ",2,https://r.fr\n"), swap("stops", "parent_station", "parent_station,stop_url"), swap("stops", "4.8430,,", "4.8430,,,https://r.fr")), "same_stop_and_route_url"),
    Case("a stop described by its name", both(swap("stops", "parent_station", "parent_station,stop_desc"), swap("stops", "4.8430,,", "4.8430,,,Chalon")), "same_name_and_description_for_stop"),
    Case("a stop without zone", both(add("fare_attributes", "fare_id,price,currency_type,payment_method,transfers", "f,1,EUR,0,0"), add("fare_rules", "fare_id,origin_id", "f,1")), "stop_without_zone_id", total=3),
    Case("an unsaid precision", both(swap("stop_times", "pickup_type", "timepoint"), swap("stop_times", "B,2,0", "B,2,")), "missing_timepoint_value"),
    Case("a window that ends first", both(swap("stop_times", "pickup_type", "start_pickup_drop_off_window,end_pickup_drop_off_window"), swap("stop_times", "08:20:00,08:21:00,B,2,0", ",,B,2,09:00:00,08:00:00")), "invalid_pickup_drop_off_window"),
    Case("a window and a time", both(swap("stop_times", "pickup_type", "start_pickup_drop_off_window,end_pickup_drop_off_window"), swap("stop_times", "B,2,0", "B,2,08:00:00,09:00:00")), "forbidden_arrival_or_departure_time"),
    Case("feed_info without version", swap("feed_info", "feed_version", "edition"), "missing_recommended_column", ("feed_info.txt", 1, "feed_version", None)),
    # shapes beside stops
    Case("beyond its shape", both(SHAPED, swap("stop_times", "08:40:00,C,3,0,61", "08:40:00,C,3,0,61.2")), "trip_distance_exceeds_shape_distance_below_threshold", ("trips.txt", 2, "trip_id", "t1")),
    Case("far beyond its shape", both(SHAPED, swap("shapes", "46.7816,4.8430,3,61", "46.7830,4.8430,3,60")), "trip_distance_exceeds_shape_distance", ("trips.txt", 2, "trip_id", "t1")),
    Case("a stop 500 m from its shape", both(SHAPED, swap("stops", "B,Beaune,47.0233,4.8477", "B,Beaune,47.0233,4.8547")), "stop_too_far_from_shape", ("stop_times.txt", 3, "stop_id", "B")),
    Case("a distance that is elsewhere on the shape", both(SHAPED, swap("stop_times", "B,2,0,35", "B,2,0,20")), "stop_too_far_from_shape_using_user_distance", ("stop_times.txt", 3, "stop_id", "B")),
    Case("a shape drawn backwards", both(SHAPED, swap("shapes", "X,47.3235,5.0273,1,0", "X,47.3235,5.0273,9,61"), swap("shapes", "3,61", "1,0")), "stops_match_shape_out_of_order", ("stop_times.txt", 3, "stop_id", "B"), 2),
    Case("a shape that comes by 21 times", both(SHAPED, add("shapes", *(f"X,{(47.0333, 47.0133)[n % 2]},4.8477,2,{35 + n}" for n in range(22)))), "stop_has_too_many_matches_for_shape"),
    # fares
    Case("half a timeframe", add("timeframes", TIMEFRAMES, "peak,07:00:00,,W"), "timeframe_only_start_or_end_time_specified", ("timeframes.txt", 2, "end_time", "")),
    Case("a timeframe beyond the day", add("timeframes", TIMEFRAMES, "peak,23:00:00,24:00:01,W"), "timeframe_start_or_end_time_greater_than_twenty_four_hours", ("timeframes.txt", 2, "end_time", "24:00:01")),
    Case("timeframes overlap", add("timeframes", TIMEFRAMES, "peak,07:00:00,09:00:00,W", "peak,08:59:59,10:00:00,W"), "timeframe_overlap", ("timeframes.txt", 3, "start_time", "08:59:59")),
    Case("no transfer count", add("fare_transfer_rules", LEGS, "a,a,,,,0"), "fare_transfer_rule_without_transfer_count", ("fare_transfer_rules.txt", 2, "transfer_count", "")),
    Case("a transfer count of 0", add("fare_transfer_rules", LEGS, "a,a,0,,,0"), "fare_transfer_rule_invalid_transfer_count", ("fare_transfer_rules.txt", 2, "transfer_count", "0")),
    Case("a transfer count between groups", add("fare_transfer_rules", LEGS, "a,b,1,,,0"), "fare_transfer_rule_with_forbidden_transfer_count", ("fare_transfer_rules.txt", 2, "transfer_count", "1")),
    Case("a limit's type alone", add("fare_transfer_rules", LEGS, "a,b,,,1,0"), "fare_transfer_rule_duration_limit_type_without_duration_limit", ("fare_transfer_rules.txt", 2, "duration_limit_type", "1")),
    Case("a limit without its type", add("fare_transfer_rules", LEGS, "a,b,,3600,,0"), "fare_transfer_rule_duration_limit_without_type", ("fare_transfer_rules.txt", 2, "duration_limit", "3600")),
    Case("two default riders", both(add("rider_categories", "rider_category_id,rider_category_name,is_default_fare_category", "y,Jeune,1", "o,Autre,1"), add("fare_products", "fare_product_id,rider_category_id,amount,currency", "p,y,1.00,EUR", "p,o,2.00,EUR")), "fare_product_with_multiple_default_rider_categories", ("fare_products.txt", 3, "rider_category_id", "o")),
    Case("networks said twice", both(swap("routes", "route_type\n", "route_type,network_id\n"), swap("routes", "Chalon,2", "Chalon,2,n"), add("networks", "network_id,network_name", "n,Réseau")), "route_networks_specified_in_more_than_one_file", ("networks.txt", None, None, None)),
    # bookings
    Case("real time with a notice", add("booking_rules", BOOKINGS, "b,0,60,,,,,,"), "forbidden_real_time_booking_field_value", ("booking_rules.txt", 2, "prior_notice_duration_min", "60")),
    Case("same day with a last day", add("booking_rules", BOOKINGS, "b,1,60,,1,,,,"), "forbidden_same_day_booking_field_value", ("booking_rules.txt", 2, "prior_notice_last_day", "1")),
    Case("earlier day with minutes", add("booking_rules", BOOKINGS, "b,2,60,,1,17:00:00,,,"), "forbidden_prior_day_booking_field_value", ("booking_rules.txt", 2, "prior_notice_duration_min", "60")),
    Case("same day, no notice", add("booking_rules", BOOKINGS, "b,1,,,,,,,"), "missing_prior_notice_duration_min", ("booking_rules.txt", 2, "prior_notice_duration_min", "")),
    Case("earlier day, no day", add("booking_rules", BOOKINGS, "b,2,,,,17:00:00,,,"), "missing_prior_notice_last_day", ("booking_rules.txt", 2, "prior_notice_last_day", "")),
    Case("earlier day, no time", add("booking_rules", BOOKINGS, "b,2,,,1,,,,"), "missing_prior_notice_last_time", ("booking_rules.txt", 2, "prior_notice_last_time", "")),
    Case("a start day and a longest notice", add("booking_rules", BOOKINGS, "b,1,60,90,,,2,08:00:00,"), "forbidden_prior_notice_start_day", ("booking_rules.txt", 2, "prior_notice_start_day", "2")),
    Case("a start time alone", add("booking_rules", BOOKINGS, "b,2,,,1,17:00:00,,08:00:00,"), "forbidden_prior_notice_start_time", ("booking_rules.txt", 2, "prior_notice_start_time", "08:00:00")),
    Case("a start day alone", add("booking_rules", BOOKINGS, "b,2,,,1,17:00:00,7,,"), "missing_prior_notice_start_time", ("booking_rules.txt", 2, "prior_notice_start_time", "")),
    Case("a least notice above the most", add("booking_rules", BOOKINGS, "b,1,61,60,,,,,"), "invalid_prior_notice_duration_min", ("booking_rules.txt", 2, "prior_notice_duration_min", "61")),
    Case("closed before it opens", add("booking_rules", BOOKINGS, "b,2,,,8,17:00:00,7,08:00:00,"), "prior_notice_last_day_after_start_day", ("booking_rules.txt", 2, "prior_notice_last_day", "8")),
]  # fmt: skip


def report_on(change: Change, folder: Path) -> Report:
    files = dict(SOUND)
    change(files)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    read = gtfs.read(folder)
    return merged([read.report, validate(read.tables, TODAY, "Europe/Paris")])


def test_the_sound_feed_has_no_fault(tmp_path: Path) -> None:
    assert report_on(both(), tmp_path / "feed").findings == ()


@pytest.fixture(scope="module", params=CASES, ids=[case.name for case in CASES])
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Report]:
    """A feed with one fault, and its report."""
    return request.param, report_on(request.param.change, tmp_path_factory.mktemp("fault") / "feed")


def test_each_fault_is_found_where_it_is(judged: tuple[Case, Report]) -> None:
    case, report = judged
    found = report.find(case.code)
    assert found is not None, sorted(report.codes)
    assert found.severity is SEVERITIES[case.code]
    assert bool(report.blocking) is case.blocking, [finding.code for finding in report.blocking]
    if case.where is not None:
        places = [(notice.file, notice.line, notice.column, notice.value) for notice in found.examples]
        assert case.where in places
        assert found.total == case.total


def test_each_finding_has_a_sentence_with_all_its_parameters(judged: tuple[Case, Report]) -> None:
    _, report = judged
    for finding in report.findings:
        for notice in finding.examples:
            for language in ("fr", "en"):
                said = sentence(explain(notice), language)
                assert not said.startswith("gtfs."), said
                assert "%(" not in said


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Europe/Paris", "Europe/Paris", True),
        ("US/Pacific", "America/Los_Angeles", True),
        ("Europe/Zurich", "Europe/Paris", False),
        ("Europe/Dijon", "Europe/Paris", False),
        ("", "Europe/Paris", False),
        ("../etc/passwd", "Europe/Paris", False),
    ],
)
def test_two_names_of_one_zone_are_one_zone(one: str, other: str, same: bool) -> None:
    assert same_zone(one, other) is same


def test_every_code_has_a_sentence_in_both_languages() -> None:
    for code in SEVERITIES:
        for language in ("fr", "en"):
            assert catalogue(language).gettext(f"gtfs.{code}") != f"gtfs.{code}", (code, language)


def test_every_rule_code_has_a_case() -> None:
    """Codes of reading (tested with the CSV and the archives) and of places have their tests elsewhere."""
    elsewhere = {
        "csv_parsing_failed", "duplicated_column", "empty_column_name", "empty_file", "empty_row", "unknown_file",
        "invalid_input_files_in_subfolder", "mobigo_backslash_quote", "mobigo_not_utf8", "mobigo_other_encoding",
        "mobigo_place_merged", "mobigo_place_split", "mobigo_stray_after_quote",
    }  # fmt: skip
    assert set(SEVERITIES) - {case.code for case in CASES} == elsewhere


def test_examples_are_capped_and_totals_are_true(tmp_path: Path) -> None:
    many = [f"x{number},Arrêt,47.1,4.9,," for number in range(EXAMPLES_MAX + 7)]
    found = report_on(add("stops", *many), tmp_path / "feed").find("stop_without_stop_time")
    assert found is not None
    assert (found.total, len(found.examples)) == (EXAMPLES_MAX + 7, EXAMPLES_MAX)
    assert [notice.line for notice in found.examples[:2]] == [6, 7]


def test_the_order_of_tables_does_not_change_the_report(tmp_path: Path) -> None:
    changes = both(*[case.change for case in CASES if case.name in ("swapped", "too fast", "a line without trips")])
    files = dict(SOUND)
    changes(files)
    reports = []
    for number, names in enumerate([list(files), list(files)[::-1]]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in names:
            (folder / name).write_text(files[name], encoding="utf-8")
        reports.append(validate(gtfs.read_feed(folder), TODAY))
    assert reports[0] == reports[1]


def test_a_report_survives_json(tmp_path: Path) -> None:
    report = report_on(
        both(*[case.change for case in CASES if case.name in ("swapped", "blank times", "an unknown column")]),
        tmp_path / "feed",
    )
    assert report.findings
    assert from_json(to_json(report)) == report


def test_the_gravest_come_first(tmp_path: Path) -> None:
    report = report_on(both(CASES[0].change, CASES[4].change), tmp_path / "feed")
    order = [(not finding.blocking, list(Severity).index(finding.severity)) for finding in report.findings]
    assert order == sorted(order)


def test_the_span_is_that_of_the_days_on_which_something_runs(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    for name, text in SOUND.items():
        (folder / name).write_text(text, encoding="utf-8")
    examined = examine(gtfs.read_feed(folder), TODAY)
    assert (examined.first_day, examined.last_day) == (date(2025, 1, 1), date(2025, 12, 31))
    (folder / "calendar.txt").write_text(
        SOUND["calendar.txt"].replace("20250101,20251231", "20250104,20250112"), encoding="utf-8"
    )
    examined = examine(gtfs.read_feed(folder), TODAY)  # a Saturday to a Sunday; runs on weekdays only
    assert (examined.first_day, examined.last_day) == (date(2025, 1, 6), date(2025, 1, 10))
