"""The codes that validation can give, with their severities.

Codes and severities are those MobilityData publishes for its GTFS Schedule validator (RULES.md); a code of ours
begins with `mobigo_`, where none of theirs says what we have to say.
"""

from mobigo.network.model.notices import Severity

_ERRORS = """
    bidirectional_exit_gate block_trips_with_overlapping_stop_times csv_parsing_failed
    decreasing_or_equal_stop_time_distance decreasing_shape_distance duplicate_key duplicated_column empty_column_name
    empty_file equal_shape_distance_diff_coordinates foreign_key_violation forbidden_arrival_or_departure_time
    inconsistent_agency_timezone invalid_character invalid_color invalid_currency invalid_date invalid_email
    invalid_float invalid_input_files_in_subfolder invalid_integer invalid_language_code invalid_phone_number
    invalid_pickup_drop_off_window invalid_row_length invalid_time invalid_timezone invalid_url
    location_without_parent_station location_with_unexpected_stop_time missing_calendar_and_calendar_date_files
    missing_pickup_or_drop_off_window missing_required_agency_id missing_required_column missing_required_field
    missing_required_file missing_stop_name missing_trip_edge new_line_in_value number_out_of_range
    overlapping_frequency pathway_to_platform_with_boarding_areas pathway_to_wrong_location_type
    pathway_unreachable_location
    point_near_origin point_near_pole route_both_short_and_long_name_missing start_and_end_range_equal
    start_and_end_range_out_of_order station_with_parent_station stop_time_timepoint_without_times
    stop_time_with_arrival_before_previous_departure_time stop_time_with_only_arrival_or_departure_time
    stop_without_location
    fare_product_with_multiple_default_rider_categories fare_transfer_rule_duration_limit_type_without_duration_limit
    fare_transfer_rule_duration_limit_without_type fare_transfer_rule_invalid_transfer_count
    fare_transfer_rule_without_transfer_count fare_transfer_rule_with_forbidden_transfer_count
    forbidden_prior_day_booking_field_value forbidden_prior_notice_start_day forbidden_prior_notice_start_time
    forbidden_real_time_booking_field_value forbidden_same_day_booking_field_value
    invalid_prior_notice_duration_min missing_prior_notice_duration_min missing_prior_notice_last_day
    missing_prior_notice_last_time missing_prior_notice_start_time prior_notice_last_day_after_start_day
    route_networks_specified_in_more_than_one_file timeframe_only_start_or_end_time_specified timeframe_overlap
    timeframe_start_or_end_time_greater_than_twenty_four_hours trip_distance_exceeds_shape_distance
    transfer_with_invalid_stop_location_type transfer_with_invalid_trip_and_route
    transfer_with_invalid_trip_and_stop translation_foreign_key_violation translation_unexpected_value
    wrong_parent_location_type
    mobigo_empty_table mobigo_not_utf8 mobigo_nothing_joins mobigo_swapped_coordinates mobigo_wrong_timezone
"""
_WARNINGS = """
    attribution_without_role duplicate_route_name empty_row equal_shape_distance_same_coordinates expired_calendar
    fast_travel_between_consecutive_stops fast_travel_between_far_stops feed_expiration_date30_days
    feed_expiration_date7_days inconsistent_agency_lang inconsistent_route_type_for_block_id
    leading_or_trailing_whitespaces missing_feed_contact_email_and_url missing_feed_info_date missing_recommended_column
    missing_recommended_field missing_recommended_file missing_timepoint_value
    more_than_one_entity non_ascii_or_non_printable_char pathway_dangling_generic_node pathway_loop route_color_contrast
    route_long_name_contains_short_name route_short_name_too_long same_name_and_description_for_route
    same_name_and_description_for_stop same_route_and_agency_url same_stop_and_agency_url same_stop_and_route_url
    service_has_no_active_day_of_the_week service_never_active single_shape_point
    stop_has_too_many_matches_for_shape stop_too_far_from_shape stop_too_far_from_shape_using_user_distance
    stops_match_shape_out_of_order trip_distance_exceeds_shape_distance_below_threshold
    stop_without_stop_time transfer_distance_too_large trip_coverage_not_active_for_next7_days unexpected_enum_value
    unusable_trip unused_agency unused_route unused_shape unused_trip
    mobigo_backslash_quote mobigo_stray_after_quote mobigo_expired_feed mobigo_long_dwell
"""
_INFOS = """
    platform_without_parent_station stop_without_zone_id unknown_column unknown_file
    unsorted_stop_times unused_station
    mobigo_blank_times mobigo_calendar_dates_only mobigo_empty_calendar mobigo_other_encoding
    mobigo_place_merged mobigo_place_split
"""

SEVERITIES: dict[str, Severity] = (
    dict.fromkeys(_ERRORS.split(), Severity.ERROR)
    | dict.fromkeys(_WARNINGS.split(), Severity.WARNING)
    | dict.fromkeys(_INFOS.split(), Severity.INFO)
)


def severity_of(code: str) -> Severity:
    """The severity of a code; KeyError for a code that is not listed."""
    return SEVERITIES[code]
