"""Every table of the first release. Written by `mobigo.app.migrations.regenerate`; do not edit."""
# ruff: noqa: E501 - the statements are written by a program, each on one line

import sqlalchemy as sa
from alembic import op

from mobigo.infra.db import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROTECTIONS = {
    "sqlite": [
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry only grows'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry only grows'); END",
        "CREATE TRIGGER billettique_case_move_no_update BEFORE UPDATE ON billettique_case_move BEGIN SELECT RAISE(ABORT, 'billettique_case_move only grows'); END",
        "CREATE TRIGGER billettique_case_move_no_delete BEFORE DELETE ON billettique_case_move BEGIN SELECT RAISE(ABORT, 'billettique_case_move only grows'); END",
        "CREATE TRIGGER billettique_cash_move_no_update BEFORE UPDATE ON billettique_cash_move BEGIN SELECT RAISE(ABORT, 'billettique_cash_move only grows'); END",
        "CREATE TRIGGER billettique_cash_move_no_delete BEFORE DELETE ON billettique_cash_move BEGIN SELECT RAISE(ABORT, 'billettique_cash_move only grows'); END",
        "CREATE TRIGGER billettique_clearing_statement_no_update BEFORE UPDATE ON billettique_clearing_statement BEGIN SELECT RAISE(ABORT, 'billettique_clearing_statement only grows'); END",
        "CREATE TRIGGER billettique_clearing_statement_no_delete BEFORE DELETE ON billettique_clearing_statement BEGIN SELECT RAISE(ABORT, 'billettique_clearing_statement only grows'); END",
        "CREATE TRIGGER billettique_fare_version_no_update BEFORE UPDATE ON billettique_fare_version BEGIN SELECT RAISE(ABORT, 'billettique_fare_version only grows'); END",
        "CREATE TRIGGER billettique_fare_version_no_delete BEFORE DELETE ON billettique_fare_version BEGIN SELECT RAISE(ABORT, 'billettique_fare_version only grows'); END",
        "CREATE TRIGGER billettique_invoice_no_update BEFORE UPDATE ON billettique_invoice BEGIN SELECT RAISE(ABORT, 'billettique_invoice only grows'); END",
        "CREATE TRIGGER billettique_invoice_no_delete BEFORE DELETE ON billettique_invoice BEGIN SELECT RAISE(ABORT, 'billettique_invoice only grows'); END",
        "CREATE TRIGGER billettique_item_move_no_update BEFORE UPDATE ON billettique_item_move BEGIN SELECT RAISE(ABORT, 'billettique_item_move only grows'); END",
        "CREATE TRIGGER billettique_item_move_no_delete BEFORE DELETE ON billettique_item_move BEGIN SELECT RAISE(ABORT, 'billettique_item_move only grows'); END",
        "CREATE TRIGGER billettique_payment_move_no_update BEFORE UPDATE ON billettique_payment_move BEGIN SELECT RAISE(ABORT, 'billettique_payment_move only grows'); END",
        "CREATE TRIGGER billettique_payment_move_no_delete BEFORE DELETE ON billettique_payment_move BEGIN SELECT RAISE(ABORT, 'billettique_payment_move only grows'); END",
        "CREATE TRIGGER billettique_spot_receipt_no_update BEFORE UPDATE ON billettique_spot_receipt BEGIN SELECT RAISE(ABORT, 'billettique_spot_receipt only grows'); END",
        "CREATE TRIGGER billettique_spot_receipt_no_delete BEFORE DELETE ON billettique_spot_receipt BEGIN SELECT RAISE(ABORT, 'billettique_spot_receipt only grows'); END",
        "CREATE TRIGGER covoit_award_no_update BEFORE UPDATE ON covoit_award BEGIN SELECT RAISE(ABORT, 'covoit_award only grows'); END",
        "CREATE TRIGGER covoit_award_no_delete BEFORE DELETE ON covoit_award BEGIN SELECT RAISE(ABORT, 'covoit_award only grows'); END",
        "CREATE TRIGGER covoit_award_use_no_update BEFORE UPDATE ON covoit_award_use BEGIN SELECT RAISE(ABORT, 'covoit_award_use only grows'); END",
        "CREATE TRIGGER covoit_award_use_no_delete BEFORE DELETE ON covoit_award_use BEGIN SELECT RAISE(ABORT, 'covoit_award_use only grows'); END",
        "CREATE TRIGGER covoit_bank_event_no_update BEFORE UPDATE ON covoit_bank_event BEGIN SELECT RAISE(ABORT, 'covoit_bank_event only grows'); END",
        "CREATE TRIGGER covoit_bank_event_no_delete BEFORE DELETE ON covoit_bank_event BEGIN SELECT RAISE(ABORT, 'covoit_bank_event only grows'); END",
        "CREATE TRIGGER covoit_batch_act_no_update BEFORE UPDATE ON covoit_batch_act BEGIN SELECT RAISE(ABORT, 'covoit_batch_act only grows'); END",
        "CREATE TRIGGER covoit_batch_act_no_delete BEFORE DELETE ON covoit_batch_act BEGIN SELECT RAISE(ABORT, 'covoit_batch_act only grows'); END",
        "CREATE TRIGGER covoit_booking_change_no_update BEFORE UPDATE ON covoit_booking_change BEGIN SELECT RAISE(ABORT, 'covoit_booking_change only grows'); END",
        "CREATE TRIGGER covoit_booking_change_no_delete BEFORE DELETE ON covoit_booking_change BEGIN SELECT RAISE(ABORT, 'covoit_booking_change only grows'); END",
        "CREATE TRIGGER covoit_call_payment_no_update BEFORE UPDATE ON covoit_call_payment BEGIN SELECT RAISE(ABORT, 'covoit_call_payment only grows'); END",
        "CREATE TRIGGER covoit_call_payment_no_delete BEFORE DELETE ON covoit_call_payment BEGIN SELECT RAISE(ABORT, 'covoit_call_payment only grows'); END",
        "CREATE TRIGGER covoit_month_no_update BEFORE UPDATE ON covoit_month BEGIN SELECT RAISE(ABORT, 'covoit_month only grows'); END",
        "CREATE TRIGGER covoit_month_no_delete BEFORE DELETE ON covoit_month BEGIN SELECT RAISE(ABORT, 'covoit_month only grows'); END",
        "CREATE TRIGGER covoit_payment_no_update BEFORE UPDATE ON covoit_payment BEGIN SELECT RAISE(ABORT, 'covoit_payment only grows'); END",
        "CREATE TRIGGER covoit_payment_no_delete BEFORE DELETE ON covoit_payment BEGIN SELECT RAISE(ABORT, 'covoit_payment only grows'); END",
        "CREATE TRIGGER covoit_statement_no_update BEFORE UPDATE ON covoit_statement BEGIN SELECT RAISE(ABORT, 'covoit_statement only grows'); END",
        "CREATE TRIGGER covoit_statement_no_delete BEFORE DELETE ON covoit_statement BEGIN SELECT RAISE(ABORT, 'covoit_statement only grows'); END",
        "CREATE TRIGGER covoit_statement_line_no_update BEFORE UPDATE ON covoit_statement_line BEGIN SELECT RAISE(ABORT, 'covoit_statement_line only grows'); END",
        "CREATE TRIGGER covoit_statement_line_no_delete BEFORE DELETE ON covoit_statement_line BEGIN SELECT RAISE(ABORT, 'covoit_statement_line only grows'); END",
        "CREATE TRIGGER ledger_line_no_update BEFORE UPDATE ON ledger_line BEGIN SELECT RAISE(ABORT, 'ledger_line only grows'); END",
        "CREATE TRIGGER ledger_line_no_delete BEFORE DELETE ON ledger_line BEGIN SELECT RAISE(ABORT, 'ledger_line only grows'); END",
        "CREATE TRIGGER ledger_mark_no_update BEFORE UPDATE ON ledger_mark BEGIN SELECT RAISE(ABORT, 'ledger_mark only grows'); END",
        "CREATE TRIGGER ledger_mark_no_delete BEFORE DELETE ON ledger_mark BEGIN SELECT RAISE(ABORT, 'ledger_mark only grows'); END",
        "CREATE TRIGGER ledger_signed_head_no_update BEFORE UPDATE ON ledger_signed_head BEGIN SELECT RAISE(ABORT, 'ledger_signed_head only grows'); END",
        "CREATE TRIGGER ledger_signed_head_no_delete BEFORE DELETE ON ledger_signed_head BEGIN SELECT RAISE(ABORT, 'ledger_signed_head only grows'); END",
        "CREATE TRIGGER opendata_approval_no_update BEFORE UPDATE ON opendata_approval BEGIN SELECT RAISE(ABORT, 'opendata_approval only grows'); END",
        "CREATE TRIGGER opendata_approval_no_delete BEFORE DELETE ON opendata_approval BEGIN SELECT RAISE(ABORT, 'opendata_approval only grows'); END",
        "CREATE TRIGGER opendata_check_no_update BEFORE UPDATE ON opendata_check BEGIN SELECT RAISE(ABORT, 'opendata_check only grows'); END",
        "CREATE TRIGGER opendata_check_no_delete BEFORE DELETE ON opendata_check BEGIN SELECT RAISE(ABORT, 'opendata_check only grows'); END",
        "CREATE TRIGGER opendata_event_no_update BEFORE UPDATE ON opendata_event BEGIN SELECT RAISE(ABORT, 'opendata_event only grows'); END",
        "CREATE TRIGGER opendata_event_no_delete BEFORE DELETE ON opendata_event BEGIN SELECT RAISE(ABORT, 'opendata_event only grows'); END",
        "CREATE TRIGGER opendata_release_no_update BEFORE UPDATE ON opendata_release BEGIN SELECT RAISE(ABORT, 'opendata_release only grows'); END",
        "CREATE TRIGGER opendata_release_no_delete BEFORE DELETE ON opendata_release BEGIN SELECT RAISE(ABORT, 'opendata_release only grows'); END",
        "CREATE TRIGGER scolaire_coach_number_no_update BEFORE UPDATE ON scolaire_coach_number BEGIN SELECT RAISE(ABORT, 'scolaire_coach_number only grows'); END",
        "CREATE TRIGGER scolaire_coach_number_no_delete BEFORE DELETE ON scolaire_coach_number BEGIN SELECT RAISE(ABORT, 'scolaire_coach_number only grows'); END",
        "CREATE TRIGGER scolaire_count_no_update BEFORE UPDATE ON scolaire_count BEGIN SELECT RAISE(ABORT, 'scolaire_count only grows'); END",
        "CREATE TRIGGER scolaire_count_no_delete BEFORE DELETE ON scolaire_count BEGIN SELECT RAISE(ABORT, 'scolaire_count only grows'); END",
        "CREATE TRIGGER scolaire_figures_no_update BEFORE UPDATE ON scolaire_figures BEGIN SELECT RAISE(ABORT, 'scolaire_figures only grows'); END",
        "CREATE TRIGGER scolaire_figures_no_delete BEFORE DELETE ON scolaire_figures BEGIN SELECT RAISE(ABORT, 'scolaire_figures only grows'); END",
        "CREATE TRIGGER scolaire_index_value_no_update BEFORE UPDATE ON scolaire_index_value BEGIN SELECT RAISE(ABORT, 'scolaire_index_value only grows'); END",
        "CREATE TRIGGER scolaire_index_value_no_delete BEFORE DELETE ON scolaire_index_value BEGIN SELECT RAISE(ABORT, 'scolaire_index_value only grows'); END",
        "CREATE TRIGGER scolaire_plan_step_no_update BEFORE UPDATE ON scolaire_plan_step BEGIN SELECT RAISE(ABORT, 'scolaire_plan_step only grows'); END",
        "CREATE TRIGGER scolaire_plan_step_no_delete BEFORE DELETE ON scolaire_plan_step BEGIN SELECT RAISE(ABORT, 'scolaire_plan_step only grows'); END",
        "CREATE TRIGGER scolaire_plan_version_no_update BEFORE UPDATE ON scolaire_plan_version BEGIN SELECT RAISE(ABORT, 'scolaire_plan_version only grows'); END",
        "CREATE TRIGGER scolaire_plan_version_no_delete BEFORE DELETE ON scolaire_plan_version BEGIN SELECT RAISE(ABORT, 'scolaire_plan_version only grows'); END",
        "CREATE TRIGGER scolaire_price_formula_no_update BEFORE UPDATE ON scolaire_price_formula BEGIN SELECT RAISE(ABORT, 'scolaire_price_formula only grows'); END",
        "CREATE TRIGGER scolaire_price_formula_no_delete BEFORE DELETE ON scolaire_price_formula BEGIN SELECT RAISE(ABORT, 'scolaire_price_formula only grows'); END",
        "CREATE TRIGGER tad_booking_change_no_update BEFORE UPDATE ON tad_booking_change BEGIN SELECT RAISE(ABORT, 'tad_booking_change only grows'); END",
        "CREATE TRIGGER tad_booking_change_no_delete BEFORE DELETE ON tad_booking_change BEGIN SELECT RAISE(ABORT, 'tad_booking_change only grows'); END",
        "CREATE TRIGGER tad_service_no_update BEFORE UPDATE ON tad_service BEGIN SELECT RAISE(ABORT, 'tad_service only grows'); END",
        "CREATE TRIGGER tad_service_no_delete BEFORE DELETE ON tad_service BEGIN SELECT RAISE(ABORT, 'tad_service only grows'); END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_case_move_no_change BEFORE UPDATE OR DELETE ON billettique_case_move FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_case_move_no_truncate BEFORE TRUNCATE ON billettique_case_move FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_cash_move_no_change BEFORE UPDATE OR DELETE ON billettique_cash_move FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_cash_move_no_truncate BEFORE TRUNCATE ON billettique_cash_move FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_clearing_statement_no_change BEFORE UPDATE OR DELETE ON billettique_clearing_statement FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_clearing_statement_no_truncate BEFORE TRUNCATE ON billettique_clearing_statement FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_fare_version_no_change BEFORE UPDATE OR DELETE ON billettique_fare_version FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_fare_version_no_truncate BEFORE TRUNCATE ON billettique_fare_version FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_invoice_no_change BEFORE UPDATE OR DELETE ON billettique_invoice FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_invoice_no_truncate BEFORE TRUNCATE ON billettique_invoice FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_item_move_no_change BEFORE UPDATE OR DELETE ON billettique_item_move FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_item_move_no_truncate BEFORE TRUNCATE ON billettique_item_move FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_payment_move_no_change BEFORE UPDATE OR DELETE ON billettique_payment_move FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_payment_move_no_truncate BEFORE TRUNCATE ON billettique_payment_move FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER billettique_spot_receipt_no_change BEFORE UPDATE OR DELETE ON billettique_spot_receipt FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER billettique_spot_receipt_no_truncate BEFORE TRUNCATE ON billettique_spot_receipt FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_award_no_change BEFORE UPDATE OR DELETE ON covoit_award FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_award_no_truncate BEFORE TRUNCATE ON covoit_award FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_award_use_no_change BEFORE UPDATE OR DELETE ON covoit_award_use FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_award_use_no_truncate BEFORE TRUNCATE ON covoit_award_use FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_bank_event_no_change BEFORE UPDATE OR DELETE ON covoit_bank_event FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_bank_event_no_truncate BEFORE TRUNCATE ON covoit_bank_event FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_batch_act_no_change BEFORE UPDATE OR DELETE ON covoit_batch_act FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_batch_act_no_truncate BEFORE TRUNCATE ON covoit_batch_act FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_booking_change_no_change BEFORE UPDATE OR DELETE ON covoit_booking_change FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_booking_change_no_truncate BEFORE TRUNCATE ON covoit_booking_change FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_call_payment_no_change BEFORE UPDATE OR DELETE ON covoit_call_payment FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_call_payment_no_truncate BEFORE TRUNCATE ON covoit_call_payment FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_month_no_change BEFORE UPDATE OR DELETE ON covoit_month FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_month_no_truncate BEFORE TRUNCATE ON covoit_month FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_payment_no_change BEFORE UPDATE OR DELETE ON covoit_payment FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_payment_no_truncate BEFORE TRUNCATE ON covoit_payment FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_statement_no_change BEFORE UPDATE OR DELETE ON covoit_statement FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_statement_no_truncate BEFORE TRUNCATE ON covoit_statement FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER covoit_statement_line_no_change BEFORE UPDATE OR DELETE ON covoit_statement_line FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER covoit_statement_line_no_truncate BEFORE TRUNCATE ON covoit_statement_line FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER ledger_line_no_change BEFORE UPDATE OR DELETE ON ledger_line FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER ledger_line_no_truncate BEFORE TRUNCATE ON ledger_line FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER ledger_mark_no_change BEFORE UPDATE OR DELETE ON ledger_mark FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER ledger_mark_no_truncate BEFORE TRUNCATE ON ledger_mark FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER ledger_signed_head_no_change BEFORE UPDATE OR DELETE ON ledger_signed_head FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER ledger_signed_head_no_truncate BEFORE TRUNCATE ON ledger_signed_head FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER opendata_approval_no_change BEFORE UPDATE OR DELETE ON opendata_approval FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER opendata_approval_no_truncate BEFORE TRUNCATE ON opendata_approval FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER opendata_check_no_change BEFORE UPDATE OR DELETE ON opendata_check FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER opendata_check_no_truncate BEFORE TRUNCATE ON opendata_check FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER opendata_event_no_change BEFORE UPDATE OR DELETE ON opendata_event FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER opendata_event_no_truncate BEFORE TRUNCATE ON opendata_event FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER opendata_release_no_change BEFORE UPDATE OR DELETE ON opendata_release FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER opendata_release_no_truncate BEFORE TRUNCATE ON opendata_release FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_coach_number_no_change BEFORE UPDATE OR DELETE ON scolaire_coach_number FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_coach_number_no_truncate BEFORE TRUNCATE ON scolaire_coach_number FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_count_no_change BEFORE UPDATE OR DELETE ON scolaire_count FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_count_no_truncate BEFORE TRUNCATE ON scolaire_count FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_figures_no_change BEFORE UPDATE OR DELETE ON scolaire_figures FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_figures_no_truncate BEFORE TRUNCATE ON scolaire_figures FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_index_value_no_change BEFORE UPDATE OR DELETE ON scolaire_index_value FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_index_value_no_truncate BEFORE TRUNCATE ON scolaire_index_value FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_plan_step_no_change BEFORE UPDATE OR DELETE ON scolaire_plan_step FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_plan_step_no_truncate BEFORE TRUNCATE ON scolaire_plan_step FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_plan_version_no_change BEFORE UPDATE OR DELETE ON scolaire_plan_version FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_plan_version_no_truncate BEFORE TRUNCATE ON scolaire_plan_version FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER scolaire_price_formula_no_change BEFORE UPDATE OR DELETE ON scolaire_price_formula FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER scolaire_price_formula_no_truncate BEFORE TRUNCATE ON scolaire_price_formula FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER tad_booking_change_no_change BEFORE UPDATE OR DELETE ON tad_booking_change FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER tad_booking_change_no_truncate BEFORE TRUNCATE ON tad_booking_change FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
        "CREATE OR REPLACE FUNCTION mobigo_append_only() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN RAISE EXCEPTION '%% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER tad_service_no_change BEFORE UPDATE OR DELETE ON tad_service FOR EACH ROW EXECUTE FUNCTION mobigo_append_only()",
        "CREATE TRIGGER tad_service_no_truncate BEFORE TRUNCATE ON tad_service FOR EACH STATEMENT EXECUTE FUNCTION mobigo_append_only()",
    ],
}


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "account",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_account")),
    )
    op.create_table(
        "account_link",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_account_link")),
    )
    op.create_table(
        "assistance_terms",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("operator", sa.String(length=120), nullable=False),
        sa.Column("agencies", Json, nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("link", sa.String(length=400), nullable=False),
        sa.Column("notice_h", sa.Integer(), nullable=False),
        sa.Column("days", sa.String(length=20), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.String(length=26), nullable=False),
        sa.Column("drafted_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=26), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_terms")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("object_kind", sa.String(length=50), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_actor"), "audit_entry", ["actor"], unique=False)
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index(
        op.f("ix_audit_entry_object_kind_object_id"), "audit_entry", ["object_kind", "object_id"], unique=False
    )
    op.create_table(
        "billettique_balance_line",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("fee_cents", sa.Integer(), nullable=False),
        sa.Column("object_ref", sa.String(length=255), nullable=False),
        sa.Column("payment_ref", sa.String(length=255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("payout", sa.String(length=255), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("explained", sa.String(length=20), nullable=True),
        sa.Column("explained_by", sa.String(length=255), nullable=True),
        sa.Column("why", Json, nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("provider", "ref", name=op.f("pk_billettique_balance_line")),
    )
    op.create_index(op.f("ix_billettique_balance_line_at"), "billettique_balance_line", ["at"], unique=False)
    op.create_index(
        op.f("ix_billettique_balance_line_explained"), "billettique_balance_line", ["explained"], unique=False
    )
    op.create_index(
        op.f("ix_billettique_balance_line_explained_by"), "billettique_balance_line", ["explained_by"], unique=False
    )
    op.create_index(
        op.f("ix_billettique_balance_line_provider_payout"),
        "billettique_balance_line",
        ["provider", "payout"],
        unique=False,
    )
    op.create_table(
        "billettique_case",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=14), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("penalties", sa.String(length=60), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("inspector", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("indemnity_cents", sa.Integer(), nullable=False),
        sa.Column("fare_cents", sa.Integer(), nullable=False),
        sa.Column("fee_cents", sa.Integer(), nullable=False),
        sa.Column("owed_cents", sa.Integer(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.Column("pass_holder", sa.Boolean(), nullable=False),
        sa.Column("paid_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("term", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'contested', 'paid', 'regularised', 'withdrawn', 'transmitted')",
            name=op.f("ck_billettique_case_state"),
        ),
        sa.CheckConstraint("owed_cents >= 0 AND paid_cents >= 0", name=op.f("ck_billettique_case_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_case")),
        sa.UniqueConstraint("reference", name=op.f("uq_billettique_case_reference")),
    )
    op.create_index(op.f("ix_billettique_case_found_at"), "billettique_case", ["found_at"], unique=False)
    op.create_index(op.f("ix_billettique_case_state_term"), "billettique_case", ["state", "term"], unique=False)
    op.create_table(
        "billettique_cash_move",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("regie", sa.String(length=60), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("means", sa.String(length=12), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_cash_move")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_billettique_cash_move_kind_ref")),
    )
    op.create_index(op.f("ix_billettique_cash_move_regie_at"), "billettique_cash_move", ["regie", "at"], unique=False)
    op.create_index(op.f("ix_billettique_cash_move_session_id"), "billettique_cash_move", ["session_id"], unique=False)
    op.create_table(
        "billettique_cash_session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("regie", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("agent", sa.String(length=26), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opening_cents", sa.Integer(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("expected_cents", sa.Integer(), nullable=True),
        sa.Column("counted_cents", sa.Integer(), nullable=True),
        sa.Column("pieces", Json, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("round_number", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=40), nullable=True),
        sa.Column("last_receipt", sa.Integer(), nullable=True),
        sa.Column("missing", Json, nullable=True),
        sa.Column("handed_to", sa.String(length=26), nullable=True),
        sa.Column("handed_at", UtcDateTime(), nullable=True),
        sa.Column("lost_at", UtcDateTime(), nullable=True),
        sa.Column("lost_by", sa.String(length=26), nullable=True),
        sa.CheckConstraint("opening_cents >= 0", name=op.f("ck_billettique_cash_session_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_cash_session")),
        sa.UniqueConstraint("regie", "round_number", name=op.f("uq_billettique_cash_session_regie_round_number")),
    )
    op.create_index(
        op.f("ix_billettique_cash_session_regie_opened_at"),
        "billettique_cash_session",
        ["regie", "opened_at"],
        unique=False,
    )
    op.create_index(
        "uq_billettique_cash_session_open",
        "billettique_cash_session",
        ["agent"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "billettique_chained_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taps", sa.Integer(), nullable=False),
        sa.Column("inferred", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_billettique_chained_day")),
    )
    op.create_table(
        "billettique_check",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "line", "answer", name=op.f("pk_billettique_check")),
    )
    op.create_table(
        "billettique_clearing_statement",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("party", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_clearing_statement")),
        sa.UniqueConstraint("party", "month", name=op.f("uq_billettique_clearing_statement_party_month")),
        sa.UniqueConstraint("party", "number", name=op.f("uq_billettique_clearing_statement_party_number")),
    )
    op.create_index(
        op.f("ix_billettique_clearing_statement_month"), "billettique_clearing_statement", ["month"], unique=False
    )
    op.create_table(
        "billettique_day_key",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_billettique_day_key")),
        info={"not_in_a_backup": "it links media to places and instants, for 48 hours at most"},
    )
    op.create_table(
        "billettique_deposit",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("regie", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cash_cents", sa.Integer(), nullable=False),
        sa.Column("cheque_cents", sa.Integer(), nullable=False),
        sa.Column("terminal_cents", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("received_by", sa.String(length=26), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "cash_cents >= 0 AND cheque_cents >= 0 AND terminal_cents >= 0", name=op.f("ck_billettique_deposit_amounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_deposit")),
        sa.UniqueConstraint("regie", "number", name=op.f("uq_billettique_deposit_regie_number")),
    )
    op.create_table(
        "billettique_device",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ahead_s", sa.Integer(), nullable=False),
        sa.Column("keys_sequence", sa.Integer(), nullable=False),
        sa.Column("revocations_sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_device")),
    )
    op.create_index(op.f("ix_billettique_device_organisation"), "billettique_device", ["organisation"], unique=False)
    op.create_index(op.f("ix_billettique_device_seen_at"), "billettique_device", ["seen_at"], unique=False)
    op.create_table(
        "billettique_entitlement",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("riders", Json, nullable=False),
        sa.Column("promised", Json, nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("needs_activation", sa.Boolean(), nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("units_left", sa.Integer(), nullable=True),
        sa.Column("bound_key", sa.LargeBinary(), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "units_left IS NULL OR (units_left >= 0 AND units_left <= units)",
            name=op.f("ck_billettique_entitlement_units"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_entitlement")),
    )
    op.create_index(
        op.f("ix_billettique_entitlement_item_place"), "billettique_entitlement", ["item", "place"], unique=True
    )
    op.create_index(op.f("ix_billettique_entitlement_last_at"), "billettique_entitlement", ["last_at"], unique=False)
    op.create_index(op.f("ix_billettique_entitlement_order_id"), "billettique_entitlement", ["order_id"], unique=False)
    op.create_index(
        op.f("ix_billettique_entitlement_reference_provider"),
        "billettique_entitlement",
        ["reference", "provider"],
        unique=True,
    )
    op.create_index(op.f("ix_billettique_entitlement_subject"), "billettique_entitlement", ["subject"], unique=False)
    op.create_table(
        "billettique_fare_draft",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("base", sa.String(length=80), nullable=True),
        sa.Column("editors", Json, nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_fare_draft")),
    )
    op.create_index(op.f("ix_billettique_fare_draft_code"), "billettique_fare_draft", ["code"], unique=False)
    op.create_table(
        "billettique_fare_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("act_number", sa.String(length=80), nullable=False),
        sa.Column("act_day", sa.Date(), nullable=False),
        sa.Column("editors", Json, nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_fare_version")),
        sa.UniqueConstraint("code", name=op.f("uq_billettique_fare_version_code")),
    )
    op.create_table(
        "billettique_first_use",
        sa.Column("mark", sa.LargeBinary(length=8), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_billettique_first_use")),
        info={"not_in_a_backup": "it links media to places and instants, for 48 hours at most"},
    )
    op.create_index(op.f("ix_billettique_first_use_at"), "billettique_first_use", ["at"], unique=False)
    op.create_table(
        "billettique_flow",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("from_stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "part", "from_stop", "to_stop", name=op.f("pk_billettique_flow")),
    )
    op.create_table(
        "billettique_invoice",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("of", sa.String(length=26), nullable=True),
        sa.Column("lines", Json, nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("tax_cents", sa.Integer(), nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "number > 0 AND net_cents + tax_cents = gross_cents AND gross_cents >= 0",
            name=op.f("ck_billettique_invoice_sums"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_invoice")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_billettique_invoice_series_number")),
    )
    op.create_index(op.f("ix_billettique_invoice_issued_at"), "billettique_invoice", ["issued_at"], unique=False)
    op.create_index(op.f("ix_billettique_invoice_order_id"), "billettique_invoice", ["order_id"], unique=False)
    op.create_table(
        "billettique_invoice_series",
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_billettique_invoice_series")),
    )
    op.create_table(
        "billettique_item_move",
        sa.Column("item", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before", sa.String(length=10), nullable=True),
        sa.Column("after", sa.String(length=10), nullable=False),
        sa.Column("why", Json, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("item", "n", name=op.f("pk_billettique_item_move")),
    )
    op.create_table(
        "billettique_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_until", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_billettique_key_public_key")),
    )
    op.create_index(op.f("ix_billettique_key_accepted_until"), "billettique_key", ["accepted_until"], unique=False)
    op.create_index(
        op.f("ix_billettique_key_provider_purpose_key_id"),
        "billettique_key",
        ["provider", "purpose", "key_id"],
        unique=True,
    )
    op.create_table(
        "billettique_list",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_billettique_list")),
    )
    op.create_table(
        "billettique_load",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("trip", sa.String(length=80), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("boardings", sa.Integer(), nullable=False),
        sa.Column("inferred_on", sa.Integer(), nullable=False),
        sa.Column("inferred_off", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "trip", "stop", name=op.f("pk_billettique_load")),
    )
    op.create_index(op.f("ix_billettique_load_day_line"), "billettique_load", ["day", "line"], unique=False)
    op.create_table(
        "billettique_order",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("promotion", sa.String(length=40), nullable=True),
        sa.Column("receipt", sa.Boolean(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("extended", sa.Integer(), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("version >= 1 AND attempt >= 0 AND extended >= 0", name=op.f("ck_billettique_order_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_order")),
        sa.UniqueConstraint("reference", name=op.f("uq_billettique_order_reference")),
    )
    op.create_index(op.f("ix_billettique_order_changed_at"), "billettique_order", ["changed_at"], unique=False)
    op.create_index(op.f("ix_billettique_order_expires_at"), "billettique_order", ["expires_at"], unique=False)
    op.create_index(op.f("ix_billettique_order_subject"), "billettique_order", ["subject"], unique=False)
    op.create_table(
        "billettique_payment",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("collector", sa.String(length=64), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("captured_cents", sa.Integer(), nullable=False),
        sa.Column("return_url", sa.String(length=1000), nullable=True),
        sa.Column("means_ref", sa.String(length=255), nullable=True),
        sa.Column("proof", Json, nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", Json, nullable=True),
        sa.Column("provider_ref", sa.String(length=255), nullable=True),
        sa.Column("action", sa.String(length=2000), nullable=True),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=True),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'DISPUTED')",
            name=op.f("ck_billettique_payment_state"),
        ),
        sa.CheckConstraint("captured_cents >= 0", name=op.f("ck_billettique_payment_captured")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_billettique_payment_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_payment")),
        sa.UniqueConstraint("key", name=op.f("uq_billettique_payment_key")),
        sa.UniqueConstraint(
            "order_id", "attempt", "purpose", name=op.f("uq_billettique_payment_order_id_attempt_purpose")
        ),
    )
    op.create_index(op.f("ix_billettique_payment_created_at"), "billettique_payment", ["created_at"], unique=False)
    op.create_index(op.f("ix_billettique_payment_look_at"), "billettique_payment", ["look_at"], unique=False)
    op.create_table(
        "billettique_promotion",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("pct", sa.Integer(), nullable=True),
        sa.Column("off_cents", sa.Integer(), nullable=True),
        sa.Column("flat_cents", sa.Integer(), nullable=True),
        sa.Column("networks", Json, nullable=True),
        sa.Column("products", Json, nullable=True),
        sa.Column("riders", Json, nullable=True),
        sa.Column("budget_cents", sa.Integer(), nullable=False),
        sa.Column("uses_max", sa.Integer(), nullable=True),
        sa.Column("per_person", sa.Integer(), nullable=True),
        sa.Column("partner", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("spent_cents", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("drafted_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("act_number", sa.String(length=80), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "spent_cents >= 0 AND spent_cents <= budget_cents AND used >= 0",
            name=op.f("ck_billettique_promotion_limits"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_promotion")),
        sa.UniqueConstraint("code", name=op.f("uq_billettique_promotion_code")),
    )
    op.create_index(
        op.f("ix_billettique_promotion_first_day_last_day"),
        "billettique_promotion",
        ["first_day", "last_day"],
        unique=False,
    )
    op.create_table(
        "billettique_provider_event",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("object_ref", sa.String(length=255), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_billettique_provider_event")),
    )
    op.create_table(
        "billettique_provider_work",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_provider_work")),
        sa.UniqueConstraint("what", "key", name=op.f("uq_billettique_provider_work_what_key")),
    )
    op.create_index(op.f("ix_billettique_provider_work_due_at"), "billettique_provider_work", ["due_at"], unique=False)
    op.create_index(
        op.f("ix_billettique_provider_work_failed_at"), "billettique_provider_work", ["failed_at"], unique=False
    )
    op.create_index(
        op.f("ix_billettique_provider_work_provider_what_ref"),
        "billettique_provider_work",
        ["provider", "what", "ref"],
        unique=False,
    )
    op.create_table(
        "billettique_regie",
        sa.Column("regie", sa.String(length=60), nullable=False),
        sa.Column("cash_cents", sa.Integer(), nullable=False),
        sa.Column("cheque_cents", sa.Integer(), nullable=False),
        sa.Column("terminal_cents", sa.Integer(), nullable=False),
        sa.Column("advance_used_cents", sa.Integer(), nullable=False),
        sa.Column("deposits", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("deposited_at", UtcDateTime(), nullable=True),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("cash_cents >= 0 AND advance_used_cents >= 0", name=op.f("ck_billettique_regie_held")),
        sa.PrimaryKeyConstraint("regie", name=op.f("pk_billettique_regie")),
    )
    op.create_table(
        "billettique_revocation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("entitlement", sa.String(length=26), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_sequence", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_revocation")),
    )
    op.create_index(
        op.f("ix_billettique_revocation_entitlement"), "billettique_revocation", ["entitlement"], unique=False
    )
    op.create_index(op.f("ix_billettique_revocation_mark"), "billettique_revocation", ["mark"], unique=False)
    op.create_index(op.f("ix_billettique_revocation_sequence"), "billettique_revocation", ["sequence"], unique=False)
    op.create_index(op.f("ix_billettique_revocation_until"), "billettique_revocation", ["until"], unique=False)
    op.create_table(
        "billettique_saved_means",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("return_url", sa.String(length=1000), nullable=True),
        sa.Column("provider_ref", sa.String(length=255), nullable=True),
        sa.Column("action", sa.String(length=2000), nullable=True),
        sa.Column("means_ref", sa.String(length=255), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("mandate", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_saved_means")),
        sa.UniqueConstraint("key", name=op.f("uq_billettique_saved_means_key")),
    )
    op.create_index(op.f("ix_billettique_saved_means_holder"), "billettique_saved_means", ["holder"], unique=False)
    op.create_index(
        op.f("ix_billettique_saved_means_provider_ref"), "billettique_saved_means", ["provider_ref"], unique=False
    )
    op.create_table(
        "billettique_scan",
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("device", "nonce", name=op.f("pk_billettique_scan")),
    )
    op.create_index(op.f("ix_billettique_scan_received_at"), "billettique_scan", ["received_at"], unique=False)
    op.create_table(
        "billettique_subscription",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=26), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("rider", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("means", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("next_day", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_subscription")),
        sa.UniqueConstraint("item", name=op.f("uq_billettique_subscription_item")),
    )
    op.create_index(
        op.f("ix_billettique_subscription_state_next_day"),
        "billettique_subscription",
        ["state", "next_day"],
        unique=False,
    )
    op.create_index(op.f("ix_billettique_subscription_subject"), "billettique_subscription", ["subject"], unique=False)
    op.create_table(
        "billettique_use",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "line", "stop", "hour", "product", "channel", name=op.f("pk_billettique_use")),
    )
    op.create_table(
        "billettique_used",
        sa.Column("mark", sa.LargeBinary(length=8), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("alerted_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_billettique_used")),
    )
    op.create_index(op.f("ix_billettique_used_alerted_at"), "billettique_used", ["alerted_at"], unique=False)
    op.create_index(op.f("ix_billettique_used_until"), "billettique_used", ["until"], unique=False)
    op.create_table(
        "billettique_validation",
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("use", sa.String(length=6), nullable=True),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("line", sa.String(length=60), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("trip", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("device", "nonce", name=op.f("pk_billettique_validation")),
        info={"not_in_a_backup": "it links media to places and instants, for 48 hours at most"},
    )
    op.create_index(op.f("ix_billettique_validation_at"), "billettique_validation", ["at"], unique=False)
    op.create_index(
        op.f("ix_billettique_validation_day_token"), "billettique_validation", ["day", "token"], unique=False
    )
    op.create_table(
        "blob",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("purpose", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob")),
    )
    op.create_index(op.f("ix_blob_last_day"), "blob", ["last_day"], unique=False)
    op.create_index(op.f("ix_blob_owner"), "blob", ["owner"], unique=False)
    op.create_index(op.f("ix_blob_sha256"), "blob", ["sha256"], unique=False)
    op.create_table(
        "coach_run",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("trip_id", sa.String(length=300), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("calls", Json, nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coach_run")),
        sa.UniqueConstraint("feed", "trip_id", "day", name=op.f("uq_coach_run_feed_trip_id_day")),
    )
    op.create_index(op.f("ix_coach_run_heard_at"), "coach_run", ["heard_at"], unique=False)
    op.create_table(
        "covoit_alert",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("suspicion", sa.String(length=16), nullable=False),
        sa.Column("people_key", sa.String(length=64), nullable=False),
        sa.Column("people", Json, nullable=False),
        sa.Column("journeys", Json, nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("state = 'new' OR answered_by IS NOT NULL", name=op.f("ck_covoit_alert_answered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_alert")),
        sa.UniqueConstraint(
            "month", "suspicion", "people_key", name=op.f("uq_covoit_alert_month_suspicion_people_key")
        ),
    )
    op.create_index(op.f("ix_covoit_alert_state_month"), "covoit_alert", ["state", "month"], unique=False)
    op.create_table(
        "covoit_award",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("operator_trip_id", sa.String(length=256), nullable=False),
        sa.Column("supplement", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=True),
        sa.Column("scale_code", sa.String(length=80), nullable=False),
        sa.Column("scale_hash", sa.String(length=64), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("passengers", sa.Integer(), nullable=False),
        sa.Column("before_caps_cents", sa.Integer(), nullable=False),
        sa.Column("whole_cents", sa.Integer(), nullable=False),
        sa.Column("settled_cents", sa.Integer(), nullable=False),
        sa.Column("line_cents", sa.Integer(), nullable=False),
        sa.Column("fare_cents", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_award")),
        sa.UniqueConstraint(
            "operator",
            "operator_trip_id",
            "supplement",
            "revision",
            name=op.f("uq_covoit_award_operator_operator_trip_id_supplement_revision"),
        ),
    )
    op.create_index(op.f("ix_covoit_award_driver_day"), "covoit_award", ["driver", "day"], unique=False)
    op.create_table(
        "covoit_award_head",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("operator_trip_id", sa.String(length=256), nullable=False),
        sa.Column("supplement", sa.String(length=80), nullable=False),
        sa.Column("award", sa.String(length=26), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("passengers", sa.Integer(), nullable=False),
        sa.Column("whole_cents", sa.Integer(), nullable=False),
        sa.Column("settled_cents", sa.Integer(), nullable=False),
        sa.Column("line_cents", sa.Integer(), nullable=False),
        sa.Column("fare_cents", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("stated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "operator_trip_id", "supplement", name=op.f("pk_covoit_award_head")),
        sa.UniqueConstraint("award", name=op.f("uq_covoit_award_head_award")),
    )
    op.create_index(op.f("ix_covoit_award_head_driver_day"), "covoit_award_head", ["driver", "day"], unique=False)
    op.create_index(op.f("ix_covoit_award_head_open_day"), "covoit_award_head", ["open", "day"], unique=False)
    op.create_table(
        "covoit_award_use",
        sa.Column("award", sa.String(length=26), nullable=False),
        sa.Column("passenger", sa.String(length=26), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("award", "passenger", name=op.f("pk_covoit_award_use")),
    )
    op.create_table(
        "covoit_ban",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=26), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_ban")),
    )
    op.create_index(op.f("ix_covoit_ban_person"), "covoit_ban", ["person"], unique=False)
    op.create_table(
        "covoit_batch",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("execution_day", sa.Date(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("prepared_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("file", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_covoit_batch_number")),
    )
    op.create_index(op.f("ix_covoit_batch_state"), "covoit_batch", ["state"], unique=False)
    op.create_table(
        "covoit_block",
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("other", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("by", "other", name=op.f("pk_covoit_block")),
    )
    op.create_index(op.f("ix_covoit_block_other"), "covoit_block", ["other"], unique=False)
    op.create_table(
        "covoit_booking_change",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("booking", sa.String(length=36), nullable=False),
        sa.Column("before", sa.String(length=30), nullable=True),
        sa.Column("after", sa.String(length=30), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_booking_change")),
    )
    op.create_index(op.f("ix_covoit_booking_change_booking"), "covoit_booking_change", ["booking"], unique=False)
    op.create_table(
        "covoit_call_payment",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("supplement", sa.String(length=80), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("drivers", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("left_out_cents", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("beneficiary", sa.String(length=256), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("agreement", sa.String(length=256), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("purpose", sa.String(length=256), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "month", "supplement", name=op.f("pk_covoit_call_payment")),
    )
    op.create_table(
        "covoit_case",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("notified_at", UtcDateTime(), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("heard", sa.Text(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_case")),
    )
    op.create_index(op.f("ix_covoit_case_kind_answered_at"), "covoit_case", ["kind", "answered_at"], unique=False)
    op.create_index(op.f("ix_covoit_case_person"), "covoit_case", ["person"], unique=False)
    op.create_table(
        "covoit_claim",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("batch", sa.String(length=26), nullable=True),
        sa.Column("reissue_of", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.CheckConstraint("cents > 0", name=op.f("ck_covoit_claim_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_claim")),
        sa.UniqueConstraint("reissue_of", name=op.f("uq_covoit_claim_reissue_of")),
    )
    op.create_index(op.f("ix_covoit_claim_batch"), "covoit_claim", ["batch"], unique=False)
    op.create_index(op.f("ix_covoit_claim_last_month"), "covoit_claim", ["last_month"], unique=False)
    op.create_index(op.f("ix_covoit_claim_person"), "covoit_claim", ["person"], unique=False)
    op.create_index(op.f("ix_covoit_claim_stage"), "covoit_claim", ["stage"], unique=False)
    op.create_index(
        "uq_covoit_claim_waiting",
        "covoit_claim",
        ["person"],
        unique=True,
        sqlite_where=sa.text("stage = 'claimed'"),
        postgresql_where=sa.text("stage = 'claimed'"),
    )
    op.create_table(
        "covoit_code_session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("offer", sa.String(length=26), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_code_session")),
    )
    op.create_index(op.f("ix_covoit_code_session_offer"), "covoit_code_session", ["offer"], unique=False)
    op.create_table(
        "covoit_decision",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("proposed", sa.String(length=10), nullable=False),
        sa.Column("algorithmic", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("remedies", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signatory", sa.String(length=64), nullable=False),
        sa.Column("signatory_name", sa.String(length=100), nullable=False),
        sa.Column("capacity", sa.String(length=200), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_decision")),
    )
    op.create_index(op.f("ix_covoit_decision_decided_at"), "covoit_decision", ["decided_at"], unique=False)
    op.create_index(op.f("ix_covoit_decision_object_id"), "covoit_decision", ["object_id"], unique=False)
    op.create_index(op.f("ix_covoit_decision_person"), "covoit_decision", ["person"], unique=False)
    op.create_table(
        "covoit_driven",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("operator_trip_id", sa.String(length=256), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("from_m", sa.Integer(), nullable=False),
        sa.Column("to_m", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "operator_trip_id", name=op.f("pk_covoit_driven")),
    )
    op.create_index(op.f("ix_covoit_driven_recorded_at"), "covoit_driven", ["recorded_at"], unique=False)
    op.create_table(
        "covoit_evidence",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("booking", sa.String(length=36), nullable=False),
        sa.Column("meeting", sa.String(length=12), nullable=True),
        sa.Column("side", sa.String(length=10), nullable=True),
        sa.Column("phase", sa.String(length=5), nullable=True),
        sa.Column("device", sa.String(length=60), nullable=True),
        sa.Column("stop", sa.String(length=60), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.Column("detail", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_evidence")),
        sa.UniqueConstraint("key", name=op.f("uq_covoit_evidence_key")),
    )
    op.create_index(op.f("ix_covoit_evidence_booking"), "covoit_evidence", ["booking"], unique=False)
    op.create_index(op.f("ix_covoit_evidence_received_at"), "covoit_evidence", ["received_at"], unique=False)
    op.create_table(
        "covoit_guarantee",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("waiting", sa.String(length=26), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("passenger", sa.String(length=26), nullable=True),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=True),
        sa.Column("ordered_by", sa.String(length=26), nullable=True),
        sa.Column("order_ref", sa.String(length=100), nullable=True),
        sa.Column("cost_cents", sa.Integer(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.CheckConstraint("cost_cents IS NULL OR cost_cents > 0", name=op.f("ck_covoit_guarantee_cost_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_guarantee")),
        sa.UniqueConstraint("waiting", name=op.f("uq_covoit_guarantee_waiting")),
    )
    op.create_index(op.f("ix_covoit_guarantee_line"), "covoit_guarantee", ["line"], unique=False)
    op.create_index(op.f("ix_covoit_guarantee_opened_at"), "covoit_guarantee", ["opened_at"], unique=False)
    op.create_index(op.f("ix_covoit_guarantee_passenger"), "covoit_guarantee", ["passenger"], unique=False)
    op.create_table(
        "covoit_iban",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=True),
        sa.Column("holder", sa.String(length=70), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("returned", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_iban")),
    )
    op.create_index(op.f("ix_covoit_iban_person"), "covoit_iban", ["person"], unique=False)
    op.create_index(
        "uq_covoit_iban_active",
        "covoit_iban",
        ["person"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "uq_covoit_iban_waiting",
        "covoit_iban",
        ["person"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "covoit_intake",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("receipt", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_intake")),
        sa.UniqueConstraint("operator", "sha256", name=op.f("uq_covoit_intake_operator_sha256")),
    )
    op.create_index(op.f("ix_covoit_intake_received_at"), "covoit_intake", ["received_at"], unique=False)
    op.create_table(
        "covoit_intake_order",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("good_part", sa.Boolean(), nullable=False),
        sa.Column("job", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("errors", sa.String(length=64), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_intake_order")),
        sa.UniqueConstraint(
            "operator", "sha256", "good_part", name=op.f("uq_covoit_intake_order_operator_sha256_good_part")
        ),
    )
    op.create_index(op.f("ix_covoit_intake_order_created_at"), "covoit_intake_order", ["created_at"], unique=False)
    op.create_table(
        "covoit_joined_file",
        sa.Column("former", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("decision", sa.String(length=26), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("former", name=op.f("pk_covoit_joined_file")),
    )
    op.create_index(op.f("ix_covoit_joined_file_person"), "covoit_joined_file", ["person"], unique=False)
    op.create_table(
        "covoit_journey",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("operator_journey_id", sa.String(length=256), nullable=False),
        sa.Column("operator_trip_id", sa.String(length=256), nullable=False),
        sa.Column("proof_class", sa.String(length=1), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("passenger", sa.String(length=26), nullable=False),
        sa.Column("passenger_over_18", sa.Boolean(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("acquisition", sa.String(length=24), nullable=False),
        sa.Column("fraud", sa.String(length=8), nullable=False),
        sa.Column("anomaly", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("findings", Json, nullable=True),
        sa.Column("freezes_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_code", sa.String(length=32), nullable=True),
        sa.Column("cancel_message", sa.String(length=512), nullable=True),
        sa.Column("priced_at", UtcDateTime(), nullable=True),
        sa.Column("line", sa.String(length=40), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("from_m", sa.Integer(), nullable=True),
        sa.Column("to_m", sa.Integer(), nullable=True),
        sa.Column("start_insee", sa.String(length=5), nullable=True),
        sa.Column("end_insee", sa.String(length=5), nullable=True),
        sa.Column("start_lat", sa.Double(), nullable=True),
        sa.Column("start_lon", sa.Double(), nullable=True),
        sa.Column("end_lat", sa.Double(), nullable=True),
        sa.Column("end_lon", sa.Double(), nullable=True),
        sa.Column("revenue_cents", sa.Integer(), nullable=True),
        sa.Column("contribution_cents", sa.Integer(), nullable=True),
        sa.Column("sums", Json, nullable=True),
        sa.Column("intake", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_journey")),
        sa.UniqueConstraint(
            "operator", "operator_journey_id", name=op.f("uq_covoit_journey_operator_operator_journey_id")
        ),
    )
    op.create_index("ix_covoit_journey_day", "covoit_journey", ["day"], unique=False)
    op.create_index("ix_covoit_journey_driver_day", "covoit_journey", ["driver", "day"], unique=False)
    op.create_index(
        "ix_covoit_journey_open",
        "covoit_journey",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("frozen_at IS NULL"),
        postgresql_where=sa.text("frozen_at IS NULL"),
    )
    op.create_index("ix_covoit_journey_passenger_day", "covoit_journey", ["passenger", "day"], unique=False)
    op.create_index("ix_covoit_journey_trip", "covoit_journey", ["operator", "operator_trip_id"], unique=False)
    op.create_table(
        "covoit_journey_past",
        sa.Column("journey", sa.String(length=26), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("because", sa.String(length=16), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("journey", "revision", name=op.f("pk_covoit_journey_past")),
    )
    op.create_index(op.f("ix_covoit_journey_past_until"), "covoit_journey_past", ["until"], unique=False)
    op.create_table(
        "covoit_journey_position",
        sa.Column("journey", sa.String(length=26), nullable=False),
        sa.Column("start_lat", sa.Double(), nullable=False),
        sa.Column("start_lon", sa.Double(), nullable=False),
        sa.Column("end_lat", sa.Double(), nullable=False),
        sa.Column("end_lon", sa.Double(), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("journey", name=op.f("pk_covoit_journey_position")),
    )
    op.create_index(
        op.f("ix_covoit_journey_position_settled_at"), "covoit_journey_position", ["settled_at"], unique=False
    )
    op.create_table(
        "covoit_lock",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_covoit_lock")),
    )
    op.create_table(
        "covoit_month",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_covoit_month")),
    )
    op.create_table(
        "covoit_offer",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("from_stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("from_m", sa.Integer(), nullable=False),
        sa.Column("to_m", sa.Integer(), nullable=False),
        sa.Column("leaves_at", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("regular", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("seats >= 1 AND seats <= 8", name=op.f("ck_covoit_offer_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_offer")),
        sa.UniqueConstraint("regular", "day", name=op.f("uq_covoit_offer_regular_day")),
    )
    op.create_index(op.f("ix_covoit_offer_driver_leaves_at"), "covoit_offer", ["driver", "leaves_at"], unique=False)
    op.create_index(
        op.f("ix_covoit_offer_line_direction_leaves_at"),
        "covoit_offer",
        ["line", "direction", "leaves_at"],
        unique=False,
    )
    op.create_table(
        "covoit_operator_user",
        sa.Column("operator", sa.String(length=40), nullable=False),
        sa.Column("operator_user_id", sa.String(length=256), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "operator_user_id", "person", name=op.f("pk_covoit_operator_user")),
    )
    op.create_index(op.f("ix_covoit_operator_user_person"), "covoit_operator_user", ["person"], unique=False)
    op.create_index(op.f("ix_covoit_operator_user_seen_at"), "covoit_operator_user", ["seen_at"], unique=False)
    op.create_table(
        "covoit_person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("identity_key", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("phone_trunc", sa.String(length=16), nullable=True),
        sa.Column("phone_verified_at", UtcDateTime(), nullable=True),
        sa.Column("first_name", sa.String(length=100), nullable=True),
        sa.Column("last_name", sa.String(length=100), nullable=True),
        sa.Column("over_18", sa.Boolean(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_person")),
        sa.UniqueConstraint("identity_key", name=op.f("uq_covoit_person_identity_key")),
        sa.UniqueConstraint("subject", name=op.f("uq_covoit_person_subject")),
    )
    op.create_index(op.f("ix_covoit_person_seen_at"), "covoit_person", ["seen_at"], unique=False)
    op.create_index(
        "uq_covoit_person_verified",
        "covoit_person",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
        postgresql_where=sa.text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
    )
    op.create_table(
        "covoit_phone_check",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=True),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_phone_check")),
    )
    op.create_index(op.f("ix_covoit_phone_check_asked_at"), "covoit_phone_check", ["asked_at"], unique=False)
    op.create_index(op.f("ix_covoit_phone_check_person"), "covoit_phone_check", ["person"], unique=False)
    op.create_index(
        "uq_covoit_phone_check_waiting",
        "covoit_phone_check",
        ["person"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "covoit_regular",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("driver", sa.String(length=26), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("from_stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.Time(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_regular")),
    )
    op.create_index(op.f("ix_covoit_regular_driver"), "covoit_regular", ["driver"], unique=False)
    op.create_index(op.f("ix_covoit_regular_line"), "covoit_regular", ["line"], unique=False)
    op.create_table(
        "covoit_report",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("about", sa.String(length=26), nullable=True),
        sa.Column("offer", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_report")),
    )
    op.create_index(op.f("ix_covoit_report_at"), "covoit_report", ["at"], unique=False)
    op.create_index(op.f("ix_covoit_report_by"), "covoit_report", ["by"], unique=False)
    op.create_table(
        "covoit_sent",
        sa.Column("journey", sa.String(length=26), nullable=False),
        sa.Column("operator_journey_id", sa.String(length=256), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=True),
        sa.Column("remote_status", sa.String(length=32), nullable=True),
        sa.Column("labels", Json, nullable=True),
        sa.Column("polled_at", UtcDateTime(), nullable=True),
        sa.Column("poll_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("journey", name=op.f("pk_covoit_sent")),
    )
    op.create_index(
        "ix_covoit_sent_poll_at",
        "covoit_sent",
        ["poll_at"],
        unique=False,
        sqlite_where=sa.text("poll_at IS NOT NULL"),
        postgresql_where=sa.text("poll_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_covoit_sent_sent_at"), "covoit_sent", ["sent_at"], unique=False)
    op.create_table(
        "covoit_statement",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("person", "month", name=op.f("pk_covoit_statement")),
    )
    op.create_table(
        "covoit_statement_line",
        sa.Column("award", sa.String(length=26), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("line_cents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("award", name=op.f("pk_covoit_statement_line")),
    )
    op.create_index(op.f("ix_covoit_statement_line_month"), "covoit_statement_line", ["month"], unique=False)
    op.create_index(
        op.f("ix_covoit_statement_line_person_month"), "covoit_statement_line", ["person", "month"], unique=False
    )
    op.create_table(
        "covoit_waiting",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("passenger", sa.String(length=26), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_waiting")),
    )
    op.create_index(
        op.f("ix_covoit_waiting_line_direction_since"), "covoit_waiting", ["line", "direction", "since"], unique=False
    )
    op.create_index(op.f("ix_covoit_waiting_passenger"), "covoit_waiting", ["passenger"], unique=False)
    op.create_index(op.f("ix_covoit_waiting_stop_ended_at"), "covoit_waiting", ["stop", "ended_at"], unique=False)
    op.create_table(
        "disruption",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("stops", Json, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruption")),
    )
    op.create_table(
        "disruption_follower",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("line", sa.String(length=400), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruption_follower")),
    )
    op.create_index(op.f("ix_disruption_follower_ends_at"), "disruption_follower", ["ends_at"], unique=False)
    op.create_index(op.f("ix_disruption_follower_line"), "disruption_follower", ["line"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tries_max", sa.Integer(), nullable=False),
        sa.Column("backoff_s", sa.Double(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=True),
        sa.Column("progress_text", sa.String(length=200), nullable=False),
        sa.Column("outcome_code", sa.String(length=100), nullable=True),
        sa.Column("outcome_params", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("name", "key", name=op.f("uq_job_name_key")),
    )
    op.create_index("ix_job_created_at", "job", ["created_at"], unique=False)
    op.create_index("ix_job_state_due_at", "job", ["state", "due_at"], unique=False)
    op.create_table(
        "job_schedule",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("job", sa.String(length=100), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("rhythm", sa.String(length=40), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("last_job_id", sa.String(length=26), nullable=True),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_schedule")),
    )
    op.create_index(op.f("ix_job_schedule_next_at"), "job_schedule", ["next_at"], unique=False)
    op.create_table(
        "ledger_account",
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("floor_cents", sa.BigInteger(), nullable=True),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("debits_cents", sa.BigInteger(), nullable=False),
        sa.Column("credits_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_debits_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_credits_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "debits_cents >= 0 AND credits_cents >= 0 AND held_debits_cents >= 0 AND held_credits_cents >= 0",
            name=op.f("ck_ledger_account_sums"),
        ),
        sa.CheckConstraint(
            "floor_cents IS NULL OR credits_cents - debits_cents - held_debits_cents >= floor_cents",
            name=op.f("ck_ledger_account_floor"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ledger_account")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_line",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("debit", sa.String(length=120), nullable=False),
        sa.Column("credit", sa.String(length=120), nullable=False),
        sa.Column("moved_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_cents", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("memo", sa.String(length=2000), nullable=False),
        sa.Column("group_name", sa.String(length=200), nullable=True),
        sa.Column("group_position", sa.Integer(), nullable=True),
        sa.Column("group_size", sa.Integer(), nullable=True),
        sa.Column("of_n", sa.BigInteger(), nullable=True),
        sa.Column("expires_us", sa.BigInteger(), nullable=True),
        sa.Column("happened_us", sa.BigInteger(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("era", sa.Integer(), nullable=False),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_line_two_accounts")),
        sa.CheckConstraint("era = n / 8192", name=op.f("ck_ledger_line_era")),
        sa.CheckConstraint(
            "n > 0 AND moved_cents >= 0 AND (moved_cents <> 0 OR held_cents <> 0)", name=op.f("ck_ledger_line_amounts")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_ledger_line")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_line_key")),
    )
    op.create_index(
        op.f("ix_ledger_line_credit_era_happened_us_n"),
        "ledger_line",
        ["credit", "era", "happened_us", "n"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_line_debit_era_happened_us_n"),
        "ledger_line",
        ["debit", "era", "happened_us", "n"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_line_expires_us"),
        "ledger_line",
        ["expires_us"],
        unique=False,
        sqlite_where=sa.text("expires_us IS NOT NULL"),
        postgresql_where=sa.text("expires_us IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_ledger_line_group_name_group_position"),
        "ledger_line",
        ["group_name", "group_position"],
        unique=True,
        sqlite_where=sa.text("group_name IS NOT NULL"),
        postgresql_where=sa.text("group_name IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_ledger_line_of_n"),
        "ledger_line",
        ["of_n"],
        unique=True,
        sqlite_where=sa.text("of_n IS NOT NULL"),
        postgresql_where=sa.text("of_n IS NOT NULL"),
    )
    op.create_table(
        "ledger_mark",
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("era", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("happened_us", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("debits_cents", sa.BigInteger(), nullable=False),
        sa.Column("credits_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_debits_cents", sa.BigInteger(), nullable=False),
        sa.Column("held_credits_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "era", "rank", name=op.f("pk_ledger_mark")),
    )
    op.create_index(
        op.f("ix_ledger_mark_account_era_happened_us_rank"),
        "ledger_mark",
        ["account", "era", "happened_us", "rank"],
        unique=False,
    )
    op.create_table(
        "ledger_signed_head",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signed_us", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_ledger_signed_head")),
    )
    op.create_table(
        "network_feed_alert",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_feed_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_network_feed_alert_key")),
    )
    op.create_index(op.f("ix_network_feed_alert_feed"), "network_feed_alert", ["feed"], unique=False)
    op.create_table(
        "network_feed_source",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(length=320), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("etag", sa.String(length=400), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("error", Json, nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_feed_source")),
        sa.UniqueConstraint("feed", name=op.f("uq_network_feed_source_feed")),
    )
    op.create_index(op.f("ix_network_feed_source_next_at"), "network_feed_source", ["next_at"], unique=False)
    op.create_table(
        "network_place_merge",
        sa.Column("place", sa.String(length=26), nullable=False),
        sa.Column("into", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_network_place_merge")),
    )
    op.create_table(
        "network_pointer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("built_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_pointer")),
    )
    op.create_table(
        "network_scenario",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_scenario")),
    )
    op.create_table(
        "observed_trip",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("trip_id", sa.String(length=300), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift_s", sa.Integer(), nullable=False),
        sa.Column("calls", Json, nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observed_trip")),
        sa.UniqueConstraint(
            "feed", "trip_id", "day", "shift_s", name=op.f("uq_observed_trip_feed_trip_id_day_shift_s")
        ),
    )
    op.create_index(op.f("ix_observed_trip_heard_at"), "observed_trip", ["heard_at"], unique=False)
    op.create_table(
        "opendata_dataset",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("declaration", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("modified_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("removed_because", sa.Text(), nullable=False),
        sa.Column("replaced_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_opendata_dataset")),
    )
    op.create_table(
        "opendata_follower",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_follower")),
    )
    op.create_index(op.f("ix_opendata_follower_dataset"), "opendata_follower", ["dataset"], unique=False)
    op.create_index(op.f("ix_opendata_follower_ends_at"), "opendata_follower", ["ends_at"], unique=False)
    op.create_index(op.f("ix_opendata_follower_person"), "opendata_follower", ["person"], unique=False)
    op.create_table(
        "opendata_release",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("dimensions", Json, nullable=False),
        sa.Column("time", Json, nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_release")),
        sa.UniqueConstraint("dataset", "content_hash", name=op.f("uq_opendata_release_dataset_content_hash")),
    )
    op.create_index(
        op.f("ix_opendata_release_subject_made_at"), "opendata_release", ["subject", "made_at"], unique=False
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
        sa.UniqueConstraint("siren", name=op.f("uq_organisation_siren")),
    )
    op.create_table(
        "outbox_effect",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_effect")),
        sa.UniqueConstraint("topic", "key", name=op.f("uq_outbox_effect_topic_key")),
    )
    op.create_index(op.f("ix_outbox_effect_due_at"), "outbox_effect", ["due_at"], unique=False)
    op.create_index(op.f("ix_outbox_effect_failed_at"), "outbox_effect", ["failed_at"], unique=False)
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
    )
    op.create_index(op.f("ix_outbox_message_due_at"), "outbox_message", ["due_at"], unique=False)
    op.create_index(op.f("ix_outbox_message_failed_at"), "outbox_message", ["failed_at"], unique=False)
    op.create_index(op.f("ix_outbox_message_person"), "outbox_message", ["person"], unique=False)
    op.create_table(
        "park_source",
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("credit", sa.String(length=200), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("parks", sa.LargeBinary(), nullable=True),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=True),
        sa.Column("stale_s", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", Json, nullable=True),
        sa.Column("told_sha256", sa.String(length=64), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_park_source")),
    )
    op.create_index(op.f("ix_park_source_next_at"), "park_source", ["next_at"], unique=False)
    op.create_table(
        "realtime_source",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=True),
        sa.Column("stale_s", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("etag", sa.String(length=400), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", Json, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("message_at", UtcDateTime(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_realtime_source")),
        sa.UniqueConstraint("feed", "url", name=op.f("uq_realtime_source_feed_url")),
    )
    op.create_index(op.f("ix_realtime_source_next_at"), "realtime_source", ["next_at"], unique=False)
    op.create_table(
        "requests_request",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("entered_by", sa.String(length=26), nullable=True),
        sa.Column("taken_by", sa.String(length=26), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("rules", sa.String(length=20), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("legal_on", sa.Date(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ending", sa.String(length=12), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=8), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("reopened >= 0", name=op.f("ck_requests_request_reopened")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests_request")),
        sa.UniqueConstraint("number", name=op.f("uq_requests_request_number")),
    )
    op.create_index(op.f("ix_requests_request_received_at"), "requests_request", ["received_at"], unique=False)
    op.create_index(
        op.f("ix_requests_request_state_promised_on"), "requests_request", ["state", "promised_on"], unique=False
    )
    op.create_index(op.f("ix_requests_request_subject"), "requests_request", ["subject"], unique=False)
    op.create_index(op.f("ix_requests_request_taken_by"), "requests_request", ["taken_by"], unique=False)
    op.create_table(
        "scolaire_figures",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("amplitude_min", sa.Integer(), nullable=False),
        sa.Column("rest_min", sa.Integer(), nullable=False),
        sa.Column("half_day_min", sa.Integer(), nullable=False),
        sa.Column("before_bell_min", sa.Integer(), nullable=False),
        sa.Column("after_bell_min", sa.Integer(), nullable=False),
        sa.Column("ride_max_min", Json, nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amplitude_min + rest_min <= 1440", name=op.f("ck_scolaire_figures_day")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_figures")),
    )
    op.create_table(
        "scolaire_guardian",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("postal", sa.String(length=320), nullable=False),
        sa.Column("prefers", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_guardian")),
        sa.UniqueConstraint("subject", name=op.f("uq_scolaire_guardian_subject")),
    )
    op.create_index(op.f("ix_scolaire_guardian_email"), "scolaire_guardian", ["email"], unique=False)
    op.create_index(op.f("ix_scolaire_guardian_last_day"), "scolaire_guardian", ["last_day"], unique=False)
    op.create_table(
        "scolaire_index_value",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_index_value")),
        sa.UniqueConstraint(
            "code", "published_on", "number", name=op.f("uq_scolaire_index_value_code_published_on_number")
        ),
    )
    op.create_table(
        "scolaire_line_seats",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("seats > 0", name=op.f("ck_scolaire_line_seats_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_line_seats")),
    )
    op.create_table(
        "scolaire_notice",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("unreached", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('cancelled', 'delayed', 'replaced', 'added', 'other')", name=op.f("ck_scolaire_notice_kind")
        ),
        sa.CheckConstraint(
            "scope IN ('all', 'departement', 'school', 'service')", name=op.f("ck_scolaire_notice_scope")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_notice")),
    )
    op.create_index(op.f("ix_scolaire_notice_last_day"), "scolaire_notice", ["last_day"], unique=False)
    op.create_table(
        "scolaire_plan_content",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_scolaire_plan_content")),
    )
    op.create_index(op.f("ix_scolaire_plan_content_last_day"), "scolaire_plan_content", ["last_day"], unique=False)
    op.create_table(
        "scolaire_pupil",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_pupil")),
    )
    op.create_index(op.f("ix_scolaire_pupil_last_day"), "scolaire_pupil", ["last_day"], unique=False)
    op.create_table(
        "shared_source",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("slow_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", Json, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_shared_source")),
    )
    op.create_index(op.f("ix_shared_source_next_at"), "shared_source", ["next_at"], unique=False)
    op.create_table(
        "street_extract",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("way_count", sa.Integer(), nullable=False),
        sa.Column("point_count", sa.Integer(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_street_extract")),
    )
    op.create_table(
        "tad_booking_change",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("booking", sa.String(length=26), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tad_booking_change")),
    )
    op.create_index(op.f("ix_tad_booking_change_booking"), "tad_booking_change", ["booking"], unique=False)
    op.create_table(
        "trip_follower",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("trip", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trip_follower")),
    )
    op.create_index(op.f("ix_trip_follower_address"), "trip_follower", ["address"], unique=False)
    op.create_index(op.f("ix_trip_follower_ends_at"), "trip_follower", ["ends_at"], unique=False)
    op.create_table(
        "trip_opinion",
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("line", sa.String(length=400), nullable=False),
        sa.Column("answer", sa.String(length=4), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("answer IN ('good', 'fair', 'bad')", name=op.f("ck_trip_opinion_answer")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_trip_opinion")),
    )
    op.create_index(op.f("ix_trip_opinion_month"), "trip_opinion", ["month"], unique=False)
    op.create_table(
        "account_grant",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("granted_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_account_grant_organisation_organisation")
        ),
        sa.ForeignKeyConstraint(["subject"], ["account.subject"], name=op.f("fk_account_grant_subject_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grant")),
    )
    op.create_index(
        "uq_account_grant_live_everywhere",
        "account_grant",
        ["subject", "role"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL AND organisation IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND organisation IS NULL"),
    )
    op.create_index(
        "uq_account_grant_live_in_organisation",
        "account_grant",
        ["subject", "role", "organisation"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL AND organisation IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND organisation IS NOT NULL"),
    )
    op.create_table(
        "account_person",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["account.subject"], name=op.f("fk_account_person_subject_account")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_account_person")),
        sa.UniqueConstraint("email_key", name=op.f("uq_account_person_email_key")),
    )
    op.create_table(
        "account_session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["subject"], ["account.subject"], name=op.f("fk_account_session_subject_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_session_token_hash")),
    )
    op.create_index(op.f("ix_account_session_subject"), "account_session", ["subject"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_api_key_organisation_organisation")
        ),
        sa.ForeignKeyConstraint(["subject"], ["account.subject"], name=op.f("fk_api_key_subject_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index(op.f("ix_api_key_subject"), "api_key", ["subject"], unique=False)
    op.create_table(
        "billettique_case_contest",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("contested_at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("forget_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["billettique_case.id"], name=op.f("fk_billettique_case_contest_case_id_billettique_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_billettique_case_contest")),
    )
    op.create_index(
        op.f("ix_billettique_case_contest_forget_at"), "billettique_case_contest", ["forget_at"], unique=False
    )
    op.create_table(
        "billettique_case_move",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=True),
        sa.Column("detail", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["billettique_case.id"], name=op.f("fk_billettique_case_move_case_id_billettique_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_case_move")),
    )
    op.create_index(op.f("ix_billettique_case_move_case_id"), "billettique_case_move", ["case_id"], unique=False)
    op.create_table(
        "billettique_case_person",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("born_at", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=10), nullable=False),
        sa.Column("town", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("forget_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["billettique_case.id"], name=op.f("fk_billettique_case_person_case_id_billettique_case")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_billettique_case_person")),
    )
    op.create_index(
        op.f("ix_billettique_case_person_forget_at"), "billettique_case_person", ["forget_at"], unique=False
    )
    op.create_table(
        "billettique_code",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("entitlement", sa.String(length=26), nullable=False),
        sa.Column("provider", sa.String(length=60), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("bound", sa.Boolean(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entitlement"],
            ["billettique_entitlement.id"],
            name=op.f("fk_billettique_code_entitlement_billettique_entitlement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_code")),
    )
    op.create_index(
        op.f("ix_billettique_code_entitlement_replaced_at"),
        "billettique_code",
        ["entitlement", "replaced_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billettique_code_provider_key_id_replaced_at_id"),
        "billettique_code",
        ["provider", "key_id", "replaced_at", "id"],
        unique=False,
    )
    op.create_table(
        "billettique_give_back",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=True),
        sa.Column("refund", sa.String(length=26), nullable=True),
        sa.Column("owed_at", UtcDateTime(), nullable=False),
        sa.Column("prepared_by", sa.String(length=64), nullable=True),
        sa.Column("prepared_at", UtcDateTime(), nullable=True),
        sa.Column("agreed_by", sa.String(length=64), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('owed', 'prepared', 'agreed', 'paid')", name=op.f("ck_billettique_give_back_state")
        ),
        sa.CheckConstraint(
            "agreed_by IS NULL OR agreed_by <> prepared_by", name=op.f("ck_billettique_give_back_two_people")
        ),
        sa.CheckConstraint("cents > 0", name=op.f("ck_billettique_give_back_positive")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["billettique_case.id"], name=op.f("fk_billettique_give_back_case_id_billettique_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_give_back")),
        sa.UniqueConstraint("case_id", "cause", name=op.f("uq_billettique_give_back_case_id_cause")),
    )
    op.create_index(op.f("ix_billettique_give_back_refund"), "billettique_give_back", ["refund"], unique=False)
    op.create_index(op.f("ix_billettique_give_back_state"), "billettique_give_back", ["state"], unique=False)
    op.create_table(
        "billettique_item",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("reduction_cents", sa.Integer(), nullable=False),
        sa.Column("vat_pct", sa.String(length=8), nullable=False),
        sa.Column("collector", sa.String(length=60), nullable=False),
        sa.Column("seller", sa.String(length=60), nullable=False),
        sa.Column("tariff_hash", sa.String(length=64), nullable=False),
        sa.Column("riders", Json, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("promised", Json, nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("seat", sa.String(length=80), nullable=True),
        sa.Column("seat_until", UtcDateTime(), nullable=True),
        sa.Column("payment", sa.String(length=26), nullable=True),
        sa.Column("entitlement", sa.String(length=26), nullable=True),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("why", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "gross_cents >= 0 AND reduction_cents >= 0 AND reduction_cents <= gross_cents",
            name=op.f("ck_billettique_item_price"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["billettique_order.id"],
            name=op.f("fk_billettique_item_order_id_billettique_order"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_item")),
    )
    op.create_index(op.f("ix_billettique_item_changed_at"), "billettique_item", ["changed_at"], unique=False)
    op.create_index(
        op.f("ix_billettique_item_order_id_position"), "billettique_item", ["order_id", "position"], unique=True
    )
    op.create_index(op.f("ix_billettique_item_payment"), "billettique_item", ["payment"], unique=False)
    op.create_index(
        op.f("ix_billettique_item_state_changed_at"), "billettique_item", ["state", "changed_at"], unique=False
    )
    op.create_table(
        "billettique_item_refund",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("about", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=26), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.Column("refund", sa.String(length=26), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("kept_cents", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount_cents > 0 AND kept_cents >= 0", name=op.f("ck_billettique_item_refund_amounts")),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["billettique_order.id"],
            name=op.f("fk_billettique_item_refund_order_id_billettique_order"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_item_refund")),
    )
    op.create_index(
        op.f("ix_billettique_item_refund_about_reason"), "billettique_item_refund", ["about", "reason"], unique=True
    )
    op.create_index(op.f("ix_billettique_item_refund_order_id"), "billettique_item_refund", ["order_id"], unique=False)
    op.create_index(op.f("ix_billettique_item_refund_refund"), "billettique_item_refund", ["refund"], unique=False)
    op.create_table(
        "billettique_order_payment",
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("means", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("collector", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("booked", sa.String(length=10), nullable=True),
        sa.Column("disputes", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["billettique_order.id"],
            name=op.f("fk_billettique_order_payment_order_id_billettique_order"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("payment", name=op.f("pk_billettique_order_payment")),
    )
    op.create_index(
        op.f("ix_billettique_order_payment_order_id"), "billettique_order_payment", ["order_id"], unique=False
    )
    op.create_table(
        "billettique_partner_order",
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("partner", sa.String(length=26), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["billettique_order.id"],
            name=op.f("fk_billettique_partner_order_order_id_billettique_order"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_billettique_partner_order")),
    )
    op.create_index(
        op.f("ix_billettique_partner_order_opened_at"), "billettique_partner_order", ["opened_at"], unique=False
    )
    op.create_index(
        op.f("ix_billettique_partner_order_partner"), "billettique_partner_order", ["partner"], unique=False
    )
    op.create_table(
        "billettique_payment_dispute",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("proof_sent_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("handled_by", sa.String(length=64), nullable=True),
        sa.Column("conceded_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment"],
            ["billettique_payment.id"],
            name=op.f("fk_billettique_payment_dispute_payment_billettique_payment"),
        ),
        sa.PrimaryKeyConstraint("provider", "ref", name=op.f("pk_billettique_payment_dispute")),
    )
    op.create_index(
        op.f("ix_billettique_payment_dispute_payment"), "billettique_payment_dispute", ["payment"], unique=False
    )
    op.create_table(
        "billettique_payment_move",
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("why", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["payment"],
            ["billettique_payment.id"],
            name=op.f("fk_billettique_payment_move_payment_billettique_payment"),
        ),
        sa.PrimaryKeyConstraint("payment", "n", name=op.f("pk_billettique_payment_move")),
    )
    op.create_table(
        "billettique_payment_ref",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment"], ["billettique_payment.id"], name=op.f("fk_billettique_payment_ref_payment_billettique_payment")
        ),
        sa.PrimaryKeyConstraint("provider", "ref", name=op.f("pk_billettique_payment_ref")),
    )
    op.create_index(op.f("ix_billettique_payment_ref_payment"), "billettique_payment_ref", ["payment"], unique=False)
    op.create_table(
        "billettique_payment_refund",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", Json, nullable=True),
        sa.Column("provider_ref", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=True),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('CREATED', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'MANDATE')",
            name=op.f("ck_billettique_payment_refund_state"),
        ),
        sa.CheckConstraint("cents > 0", name=op.f("ck_billettique_payment_refund_positive")),
        sa.ForeignKeyConstraint(
            ["payment"],
            ["billettique_payment.id"],
            name=op.f("fk_billettique_payment_refund_payment_billettique_payment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_payment_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_billettique_payment_refund_key")),
    )
    op.create_index(
        op.f("ix_billettique_payment_refund_payment"), "billettique_payment_refund", ["payment"], unique=False
    )
    op.create_index(
        op.f("ix_billettique_payment_refund_provider_ref"), "billettique_payment_refund", ["provider_ref"], unique=False
    )
    op.create_index(op.f("ix_billettique_payment_refund_state"), "billettique_payment_refund", ["state"], unique=False)
    op.create_table(
        "billettique_promotion_use",
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("promotion_id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["promotion_id"],
            ["billettique_promotion.id"],
            name=op.f("fk_billettique_promotion_use_promotion_id_billettique_promotion"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_billettique_promotion_use")),
    )
    op.create_index(
        op.f("ix_billettique_promotion_use_promotion_id_person"),
        "billettique_promotion_use",
        ["promotion_id", "person"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billettique_promotion_use_used_at"), "billettique_promotion_use", ["used_at"], unique=False
    )
    op.create_table(
        "billettique_quarantine",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("why", Json, nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("refund_at", UtcDateTime(), nullable=True),
        sa.Column("refund_ref", sa.String(length=255), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment"], ["billettique_payment.id"], name=op.f("fk_billettique_quarantine_payment_billettique_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billettique_quarantine")),
        sa.UniqueConstraint("provider", "ref", "code", name=op.f("uq_billettique_quarantine_provider_ref_code")),
    )
    op.create_index(op.f("ix_billettique_quarantine_payment"), "billettique_quarantine", ["payment"], unique=False)
    op.create_index(op.f("ix_billettique_quarantine_refund_at"), "billettique_quarantine", ["refund_at"], unique=False)
    op.create_table(
        "billettique_spot_receipt",
        sa.Column("till", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("means", sa.String(length=12), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("came_at", UtcDateTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.CheckConstraint("number > 0 AND cents > 0", name=op.f("ck_billettique_spot_receipt_figures")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["billettique_case.id"], name=op.f("fk_billettique_spot_receipt_case_id_billettique_case")
        ),
        sa.ForeignKeyConstraint(
            ["till"],
            ["billettique_cash_session.id"],
            name=op.f("fk_billettique_spot_receipt_till_billettique_cash_session"),
        ),
        sa.PrimaryKeyConstraint("till", "number", name=op.f("pk_billettique_spot_receipt")),
        sa.UniqueConstraint("case_id", name=op.f("uq_billettique_spot_receipt_case_id")),
    )
    op.create_table(
        "billettique_subscription_period",
        sa.Column("subscription", sa.String(length=26), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("order_id", sa.String(length=26), nullable=False),
        sa.Column("payment", sa.String(length=26), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription"],
            ["billettique_subscription.id"],
            name=op.f("fk_billettique_subscription_period_subscription_billettique_subscription"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription", "first_day", name=op.f("pk_billettique_subscription_period")),
        sa.UniqueConstraint("order_id", name=op.f("uq_billettique_subscription_period_order_id")),
    )
    op.create_table(
        "covoit_batch_act",
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(step = 'prepare' AND role = 'carpool_manager') OR (step = 'check' AND role = 'finance_agent') OR (step = 'order' AND role = 'ordonnateur') OR (step = 'accept' AND role = 'comptable_public')",
            name=op.f("ck_covoit_batch_act_role"),
        ),
        sa.ForeignKeyConstraint(["batch"], ["covoit_batch.id"], name=op.f("fk_covoit_batch_act_batch_covoit_batch")),
        sa.PrimaryKeyConstraint("batch", "step", name=op.f("pk_covoit_batch_act")),
        sa.UniqueConstraint("batch", "subject", name=op.f("uq_covoit_batch_act_batch_subject")),
    )
    op.create_table(
        "covoit_batch_line",
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("claim", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("netted_cents", sa.Integer(), nullable=False),
        sa.Column("iban", sa.String(length=26), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("scale", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_covoit_batch_line_positive")),
        sa.ForeignKeyConstraint(["batch"], ["covoit_batch.id"], name=op.f("fk_covoit_batch_line_batch_covoit_batch")),
        sa.ForeignKeyConstraint(["claim"], ["covoit_claim.id"], name=op.f("fk_covoit_batch_line_claim_covoit_claim")),
        sa.PrimaryKeyConstraint("batch", "claim", name=op.f("pk_covoit_batch_line")),
        sa.UniqueConstraint("batch", "number", name=op.f("uq_covoit_batch_line_batch_number")),
    )
    op.create_index(op.f("ix_covoit_batch_line_claim"), "covoit_batch_line", ["claim"], unique=False)
    op.create_table(
        "covoit_booking",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("offer", sa.String(length=26), nullable=False),
        sa.Column("passenger", sa.String(length=26), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("from_stop", sa.String(length=60), nullable=False),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("from_m", sa.Integer(), nullable=False),
        sa.Column("to_m", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("pickup_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=True),
        sa.Column("wire", Json, nullable=True),
        sa.Column("journey", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("seats >= 1 AND seats <= 8", name=op.f("ck_covoit_booking_seats")),
        sa.ForeignKeyConstraint(
            ["offer"], ["covoit_offer.id"], name=op.f("fk_covoit_booking_offer_covoit_offer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_covoit_booking")),
    )
    op.create_index(op.f("ix_covoit_booking_offer"), "covoit_booking", ["offer"], unique=False)
    op.create_index(
        op.f("ix_covoit_booking_passenger_pickup_at"), "covoit_booking", ["passenger", "pickup_at"], unique=False
    )
    op.create_table(
        "covoit_member",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("guardian_consent_at", UtcDateTime(), nullable=True),
        sa.Column("age_corrected_at", UtcDateTime(), nullable=True),
        sa.Column("licence_at", UtcDateTime(), nullable=True),
        sa.Column("insurance_at", UtcDateTime(), nullable=True),
        sa.Column("terms_version", sa.String(length=40), nullable=True),
        sa.Column("terms_at", UtcDateTime(), nullable=True),
        sa.Column("car", sa.String(length=60), nullable=True),
        sa.Column("alias", sa.String(length=40), nullable=True),
        sa.Column("banned_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["covoit_person.id"], name=op.f("fk_covoit_member_person_covoit_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_covoit_member")),
    )
    op.create_index(op.f("ix_covoit_member_changed_at"), "covoit_member", ["changed_at"], unique=False)
    op.create_table(
        "covoit_payment",
        sa.Column("end_to_end_id", sa.String(length=35), nullable=False),
        sa.Column("claim", sa.String(length=26), nullable=False),
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["covoit_batch.id"], name=op.f("fk_covoit_payment_batch_covoit_batch")),
        sa.ForeignKeyConstraint(["claim"], ["covoit_claim.id"], name=op.f("fk_covoit_payment_claim_covoit_claim")),
        sa.PrimaryKeyConstraint("end_to_end_id", name=op.f("pk_covoit_payment")),
        sa.UniqueConstraint("claim", name=op.f("uq_covoit_payment_claim")),
    )
    op.create_index(op.f("ix_covoit_payment_batch"), "covoit_payment", ["batch"], unique=False)
    op.create_table(
        "network_feed",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version_id", sa.String(length=26), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_network_feed_organisation_organisation")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_network_feed")),
    )
    op.create_table(
        "network_scenario_edit",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("scenario", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("written_by", sa.String(length=26), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scenario"],
            ["network_scenario.id"],
            name=op.f("fk_network_scenario_edit_scenario_network_scenario"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_scenario_edit")),
    )
    op.create_index(op.f("ix_network_scenario_edit_scenario"), "network_scenario_edit", ["scenario"], unique=False)
    op.create_table(
        "opendata_measure",
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("availability", sa.Double(), nullable=True),
        sa.Column("freshness", sa.Double(), nullable=True),
        sa.Column("compliance", sa.Double(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=True),
        sa.Column("fault", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset"], ["opendata_dataset.code"], name=op.f("fk_opendata_measure_dataset_opendata_dataset")
        ),
        sa.PrimaryKeyConstraint("dataset", "day", name=op.f("pk_opendata_measure")),
    )
    op.create_table(
        "opendata_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("slot", sa.String(length=8), nullable=False),
        sa.Column("facts_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.Column("withdrawn_because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"], ["opendata_dataset.code"], name=op.f("fk_opendata_version_dataset_opendata_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_version")),
        sa.UniqueConstraint("dataset", "content_hash", name=op.f("uq_opendata_version_dataset_content_hash")),
        sa.UniqueConstraint("dataset", "number", name=op.f("uq_opendata_version_dataset_number")),
    )
    op.create_index(op.f("ix_opendata_version_state"), "opendata_version", ["state"], unique=False)
    op.create_table(
        "opendata_waiver",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("judge", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"], ["opendata_dataset.code"], name=op.f("fk_opendata_waiver_dataset_opendata_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_waiver")),
    )
    op.create_index(op.f("ix_opendata_waiver_dataset"), "opendata_waiver", ["dataset"], unique=False)
    op.create_table(
        "requests_contact",
        sa.Column("request", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("postal", sa.String(length=300), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request"],
            ["requests_request.id"],
            name=op.f("fk_requests_contact_request_requests_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_requests_contact")),
    )
    op.create_index(op.f("ix_requests_contact_name_key"), "requests_contact", ["name_key"], unique=False)
    op.create_table(
        "requests_entry",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("request", sa.String(length=26), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("detail", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"],
            ["requests_request.id"],
            name=op.f("fk_requests_entry_request_requests_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests_entry")),
    )
    op.create_index(op.f("ix_requests_entry_request"), "requests_entry", ["request"], unique=False)
    op.create_table(
        "scolaire_area",
        sa.Column("organisation", sa.String(length=26), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisation.id"],
            name=op.f("fk_scolaire_area_organisation_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation", "commune", "first_day", name=op.f("pk_scolaire_area")),
    )
    op.create_table(
        "scolaire_home",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("pupil", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("weeks", sa.String(length=4), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint("weekdays BETWEEN 0 AND 127", name=op.f("ck_scolaire_home_weekdays")),
        sa.ForeignKeyConstraint(
            ["pupil"], ["scolaire_pupil.id"], name=op.f("fk_scolaire_home_pupil_scolaire_pupil"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_home")),
    )
    op.create_index(op.f("ix_scolaire_home_commune"), "scolaire_home", ["commune"], unique=False)
    op.create_index(op.f("ix_scolaire_home_pupil"), "scolaire_home", ["pupil"], unique=False)
    op.create_table(
        "scolaire_invite",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("guardian", sa.String(length=26), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["guardian"],
            ["scolaire_guardian.id"],
            name=op.f("fk_scolaire_invite_guardian_scolaire_guardian"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_invite")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_scolaire_invite_code_hash")),
    )
    op.create_index(op.f("ix_scolaire_invite_guardian"), "scolaire_invite", ["guardian"], unique=False)
    op.create_table(
        "scolaire_lot",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_scolaire_lot_organisation_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_lot")),
        sa.UniqueConstraint("code", name=op.f("uq_scolaire_lot_code")),
    )
    op.create_index(op.f("ix_scolaire_lot_organisation"), "scolaire_lot", ["organisation"], unique=False)
    op.create_table(
        "scolaire_pupil_identity",
        sa.Column("pupil", sa.String(length=26), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("folded", sa.String(length=100), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pupil"],
            ["scolaire_pupil.id"],
            name=op.f("fk_scolaire_pupil_identity_pupil_scolaire_pupil"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pupil", name=op.f("pk_scolaire_pupil_identity")),
    )
    op.create_index(
        op.f("ix_scolaire_pupil_identity_folded_born_on"),
        "scolaire_pupil_identity",
        ["folded", "born_on"],
        unique=False,
    )
    op.create_table(
        "scolaire_school",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("stages", sa.String(length=60), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("place", sa.String(length=26), nullable=True),
        sa.Column("zone", sa.String(length=1), nullable=False),
        sa.Column("early_s", sa.Integer(), nullable=False),
        sa.Column("late_s", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_scolaire_school_organisation_organisation")
        ),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_scolaire_school")),
    )
    op.create_index(op.f("ix_scolaire_school_commune"), "scolaire_school", ["commune"], unique=False)
    op.create_index(op.f("ix_scolaire_school_organisation"), "scolaire_school", ["organisation"], unique=False)
    op.create_table(
        "scolaire_stop",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=True),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("place", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("crossing", sa.String(length=10), nullable=False),
        sa.Column("shelter", sa.Boolean(), nullable=True),
        sa.Column("lighting", sa.Boolean(), nullable=True),
        sa.Column("reversing", sa.Boolean(), nullable=True),
        sa.Column("waiting_max", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "crossing IN ('none', 'marked', 'unmarked', 'forbidden', '')", name=op.f("ck_scolaire_stop_crossing")
        ),
        sa.CheckConstraint("side IN ('right', 'left', 'off_road', '')", name=op.f("ck_scolaire_stop_side")),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'suspended', 'closed')", name=op.f("ck_scolaire_stop_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_scolaire_stop_organisation_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_stop")),
        sa.UniqueConstraint("code", name=op.f("uq_scolaire_stop_code")),
    )
    op.create_index(op.f("ix_scolaire_stop_commune"), "scolaire_stop", ["commune"], unique=False)
    op.create_index(op.f("ix_scolaire_stop_organisation"), "scolaire_stop", ["organisation"], unique=False)
    op.create_table(
        "tad_service",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("document", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_tad_service_organisation_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tad_service")),
    )
    op.create_index(op.f("ix_tad_service_code_first_day"), "tad_service", ["code", "first_day"], unique=False)
    op.create_table(
        "account_identity",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("external", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["account_person.subject"],
            name=op.f("fk_account_identity_subject_account_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "external", name=op.f("pk_account_identity")),
    )
    op.create_index(op.f("ix_account_identity_subject"), "account_identity", ["subject"], unique=False)
    op.create_table(
        "account_password",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("hash", sa.String(length=400), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject"],
            ["account_person.subject"],
            name=op.f("fk_account_password_subject_account_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_account_password")),
    )
    op.create_table(
        "api_access_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=26), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"], ["api_key.id"], name=op.f("fk_api_access_token_key_api_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_api_access_token")),
    )
    op.create_index(op.f("ix_api_access_token_expires_at"), "api_access_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_api_access_token_key"), "api_access_token", ["key"], unique=False)
    op.create_table(
        "covoit_bank_event",
        sa.Column("end_to_end_id", sa.String(length=35), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["end_to_end_id"],
            ["covoit_payment.end_to_end_id"],
            name=op.f("fk_covoit_bank_event_end_to_end_id_covoit_payment"),
        ),
        sa.PrimaryKeyConstraint("end_to_end_id", "answer", name=op.f("pk_covoit_bank_event")),
    )
    op.create_index(op.f("ix_covoit_bank_event_file"), "covoit_bank_event", ["file"], unique=False)
    op.create_table(
        "network_feed_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("archive_name", sa.String(length=255), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("rows", Json, nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed"], ["network_feed.name"], name=op.f("fk_network_feed_version_feed_network_feed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_feed_version")),
        sa.UniqueConstraint("feed", "content_hash", name=op.f("uq_network_feed_version_feed_content_hash")),
        sa.UniqueConstraint("feed", "number", name=op.f("uq_network_feed_version_feed_number")),
    )
    op.create_table(
        "network_place_stop",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("stop_id", sa.String(length=400), nullable=False),
        sa.Column("first_use", sa.Integer(), nullable=False),
        sa.Column("last_use", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["feed"], ["network_feed.name"], name=op.f("fk_network_place_stop_feed_network_feed")),
        sa.PrimaryKeyConstraint("feed", "stop_id", "first_use", name=op.f("pk_network_place_stop")),
    )
    op.create_index(
        op.f("ix_network_place_stop_feed_last_use"), "network_place_stop", ["feed", "last_use"], unique=False
    )
    op.create_index(op.f("ix_network_place_stop_place"), "network_place_stop", ["place"], unique=False)
    op.create_table(
        "opendata_approval",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version_id", sa.String(length=26), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["opendata_version.id"], name=op.f("fk_opendata_approval_version_id_opendata_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_approval")),
    )
    op.create_index(op.f("ix_opendata_approval_version_id"), "opendata_approval", ["version_id"], unique=False)
    op.create_table(
        "opendata_check",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version_id", sa.String(length=26), nullable=False),
        sa.Column("judge", sa.String(length=60), nullable=False),
        sa.Column("judge_version", sa.String(length=60), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("because", Json, nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["opendata_version.id"], name=op.f("fk_opendata_check_version_id_opendata_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_check")),
    )
    op.create_index(op.f("ix_opendata_check_version_id_judge"), "opendata_check", ["version_id", "judge"], unique=False)
    op.create_table(
        "opendata_event",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.String(length=8), nullable=True),
        sa.Column("version_id", sa.String(length=26), nullable=True),
        sa.Column("before_id", sa.String(length=26), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["before_id"], ["opendata_version.id"], name=op.f("fk_opendata_event_before_id_opendata_version")
        ),
        sa.ForeignKeyConstraint(
            ["dataset"], ["opendata_dataset.code"], name=op.f("fk_opendata_event_dataset_opendata_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["opendata_version.id"], name=op.f("fk_opendata_event_version_id_opendata_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opendata_event")),
        sa.UniqueConstraint("dataset", "number", name=op.f("uq_opendata_event_dataset_number")),
    )
    op.create_index(op.f("ix_opendata_event_at"), "opendata_event", ["at"], unique=False)
    op.create_index(op.f("ix_opendata_event_dataset"), "opendata_event", ["dataset"], unique=False)
    op.create_table(
        "opendata_file",
        sa.Column("version_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("gzip_sha256", sa.String(length=64), nullable=True),
        sa.Column("gzip_size", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["opendata_version.id"], name=op.f("fk_opendata_file_version_id_opendata_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("pk_opendata_file")),
    )
    op.create_index(op.f("ix_opendata_file_sha256"), "opendata_file", ["sha256"], unique=False)
    op.create_table(
        "opendata_pointer",
        sa.Column("dataset", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=8), nullable=False),
        sa.Column("version_id", sa.String(length=26), nullable=True),
        sa.Column("facts_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"], ["opendata_dataset.code"], name=op.f("fk_opendata_pointer_dataset_opendata_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["opendata_version.id"], name=op.f("fk_opendata_pointer_version_id_opendata_version")
        ),
        sa.PrimaryKeyConstraint("dataset", "slot", name=op.f("pk_opendata_pointer")),
    )
    op.create_table(
        "requests_file",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("request", sa.String(length=26), nullable=False),
        sa.Column("entry", sa.String(length=26), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("media", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry"], ["requests_entry.id"], name=op.f("fk_requests_file_entry_requests_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["request"],
            ["requests_request.id"],
            name=op.f("fk_requests_file_request_requests_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests_file")),
    )
    op.create_index(op.f("ix_requests_file_entry"), "requests_file", ["entry"], unique=False)
    op.create_index(op.f("ix_requests_file_request"), "requests_file", ["request"], unique=False)
    op.create_table(
        "scolaire_bell",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=3), nullable=False),
        sa.Column("at_s", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint("at_s BETWEEN 0 AND 86399", name=op.f("ck_scolaire_bell_hour")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_scolaire_bell_weekday")),
        sa.ForeignKeyConstraint(
            ["uai"], ["scolaire_school.uai"], name=op.f("fk_scolaire_bell_uai_scolaire_school"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_bell")),
    )
    op.create_index(op.f("ix_scolaire_bell_uai_weekday"), "scolaire_bell", ["uai", "weekday"], unique=False)
    op.create_table(
        "scolaire_bond",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("pupil", sa.String(length=26), nullable=False),
        sa.Column("guardian", sa.String(length=26), nullable=False),
        sa.Column("tie", sa.String(length=12), nullable=False),
        sa.Column("access", sa.String(length=5), nullable=False),
        sa.Column("home", sa.String(length=26), nullable=True),
        sa.Column("ground", sa.String(length=200), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(length=26), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guardian"],
            ["scolaire_guardian.id"],
            name=op.f("fk_scolaire_bond_guardian_scolaire_guardian"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["home"], ["scolaire_home.id"], name=op.f("fk_scolaire_bond_home_scolaire_home"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["pupil"], ["scolaire_pupil.id"], name=op.f("fk_scolaire_bond_pupil_scolaire_pupil"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_bond")),
    )
    op.create_index(op.f("ix_scolaire_bond_guardian"), "scolaire_bond", ["guardian"], unique=False)
    op.create_index(op.f("ix_scolaire_bond_pupil"), "scolaire_bond", ["pupil"], unique=False)
    op.create_table(
        "scolaire_contract",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lot", sa.String(length=26), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lot"], ["scolaire_lot.id"], name=op.f("fk_scolaire_contract_lot_scolaire_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_contract")),
    )
    op.create_index(op.f("ix_scolaire_contract_lot_first_day"), "scolaire_contract", ["lot", "first_day"], unique=False)
    op.create_table(
        "scolaire_days",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("zone", sa.String(length=1), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["uai"], ["scolaire_school.uai"], name=op.f("fk_scolaire_days_uai_scolaire_school"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_days")),
    )
    op.create_index(op.f("ix_scolaire_days_uai"), "scolaire_days", ["uai"], unique=False)
    op.create_index(op.f("ix_scolaire_days_zone_first_day"), "scolaire_days", ["zone", "first_day"], unique=False)
    op.create_table(
        "scolaire_depot",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("lot", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["lot"], ["scolaire_lot.id"], name=op.f("fk_scolaire_depot_lot_scolaire_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_depot")),
    )
    op.create_index(op.f("ix_scolaire_depot_lot"), "scolaire_depot", ["lot"], unique=False)
    op.create_table(
        "scolaire_home_address",
        sa.Column("home", sa.String(length=26), nullable=False),
        sa.Column("line", sa.String(length=200), nullable=False),
        sa.Column("extra", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=5), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("located_by", sa.String(length=10), nullable=False),
        sa.Column("walked_by", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["home"], ["scolaire_home.id"], name=op.f("fk_scolaire_home_address_home_scolaire_home"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("home", name=op.f("pk_scolaire_home_address")),
    )
    op.create_table(
        "scolaire_plan",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=26), nullable=True),
        sa.Column("schools", Json, nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["lot"], ["scolaire_lot.id"], name=op.f("fk_scolaire_plan_lot_scolaire_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_plan")),
    )
    op.create_index(op.f("ix_scolaire_plan_lot"), "scolaire_plan", ["lot"], unique=False)
    op.create_table(
        "scolaire_registration",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("pupil", sa.String(length=26), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("regime", sa.String(length=12), nullable=False),
        sa.Column("need", sa.String(length=12), nullable=False),
        sa.Column("waiver", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("asked_by", sa.String(length=26), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("paper", sa.String(length=60), nullable=True),
        sa.Column("entered_by", sa.String(length=26), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "state IN ('received', 'incomplete', 'decided', 'cancelled')", name=op.f("ck_scolaire_registration_state")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["scolaire_guardian.id"],
            name=op.f("fk_scolaire_registration_asked_by_scolaire_guardian"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["pupil"],
            ["scolaire_pupil.id"],
            name=op.f("fk_scolaire_registration_pupil_scolaire_pupil"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["uai"], ["scolaire_school.uai"], name=op.f("fk_scolaire_registration_uai_scolaire_school")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_registration")),
        sa.UniqueConstraint("paper", name=op.f("uq_scolaire_registration_paper")),
        sa.UniqueConstraint("reference", name=op.f("uq_scolaire_registration_reference")),
    )
    op.create_index(op.f("ix_scolaire_registration_asked_by"), "scolaire_registration", ["asked_by"], unique=False)
    op.create_index(op.f("ix_scolaire_registration_last_day"), "scolaire_registration", ["last_day"], unique=False)
    op.create_index(op.f("ix_scolaire_registration_outcome"), "scolaire_registration", ["outcome"], unique=False)
    op.create_index(
        op.f("ix_scolaire_registration_state_received_at"),
        "scolaire_registration",
        ["state", "received_at"],
        unique=False,
    )
    op.create_index(op.f("ix_scolaire_registration_uai_year"), "scolaire_registration", ["uai", "year"], unique=False)
    op.create_index(
        "uq_scolaire_registration_year",
        "scolaire_registration",
        ["pupil", "year"],
        unique=True,
        sqlite_where=sa.text("state <> 'cancelled'"),
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_table(
        "scolaire_sector",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai"], ["scolaire_school.uai"], name=op.f("fk_scolaire_sector_uai_scolaire_school"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_sector")),
    )
    op.create_index(op.f("ix_scolaire_sector_commune_stage"), "scolaire_sector", ["commune", "stage"], unique=False)
    op.create_index(op.f("ix_scolaire_sector_uai"), "scolaire_sector", ["uai"], unique=False)
    op.create_table(
        "scolaire_stop_review",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("stop", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stop"], ["scolaire_stop.id"], name=op.f("fk_scolaire_stop_review_stop_scolaire_stop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_stop_review")),
    )
    op.create_index(op.f("ix_scolaire_stop_review_stop_at"), "scolaire_stop_review", ["stop", "at"], unique=False)
    op.create_table(
        "scolaire_walk",
        sa.Column("home", sa.String(length=26), nullable=False),
        sa.Column("stop", sa.String(length=26), nullable=False),
        sa.Column("metres", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["home"], ["scolaire_home.id"], name=op.f("fk_scolaire_walk_home_scolaire_home"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stop"], ["scolaire_stop.id"], name=op.f("fk_scolaire_walk_stop_scolaire_stop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("home", "stop", name=op.f("pk_scolaire_walk")),
    )
    op.create_index(op.f("ix_scolaire_walk_stop"), "scolaire_walk", ["stop"], unique=False)
    op.create_table(
        "tad_booking",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("from_stop", sa.String(length=60), nullable=False),
        sa.Column("from_name", sa.String(length=200), nullable=False),
        sa.Column("from_lat", sa.Double(), nullable=True),
        sa.Column("from_lon", sa.Double(), nullable=True),
        sa.Column("to_stop", sa.String(length=60), nullable=False),
        sa.Column("to_name", sa.String(length=200), nullable=False),
        sa.Column("to_lat", sa.Double(), nullable=True),
        sa.Column("to_lon", sa.Double(), nullable=True),
        sa.Column("wanted_s", sa.Integer(), nullable=False),
        sa.Column("earliest_s", sa.Integer(), nullable=False),
        sa.Column("latest_s", sa.Integer(), nullable=False),
        sa.Column("ride_s_max", sa.Integer(), nullable=False),
        sa.Column("arrive_by_s", sa.Integer(), nullable=False),
        sa.Column("riders", Json, nullable=False),
        sa.Column("wheelchairs", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("series", sa.String(length=26), nullable=True),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("asker", sa.String(length=26), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_tad_booking_price")),
        sa.ForeignKeyConstraint(["version"], ["tad_service.id"], name=op.f("fk_tad_booking_version_tad_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tad_booking")),
    )
    op.create_index(op.f("ix_tad_booking_series"), "tad_booking", ["series"], unique=False)
    op.create_index(op.f("ix_tad_booking_service_day"), "tad_booking", ["service", "day"], unique=False)
    op.create_index(op.f("ix_tad_booking_state_day"), "tad_booking", ["state", "day"], unique=False)
    op.create_index(op.f("ix_tad_booking_subject"), "tad_booking", ["subject"], unique=False)
    op.create_table(
        "tad_day",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("rounds", Json, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("optimised_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["version"], ["tad_service.id"], name=op.f("fk_tad_day_version_tad_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tad_day")),
        sa.UniqueConstraint("service", "day", name=op.f("uq_tad_day_service_day")),
    )
    op.create_table(
        "network_activation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("version_id", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["network_feed.name"], name=op.f("fk_network_activation_feed_network_feed")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["network_feed_version.id"],
            name=op.f("fk_network_activation_version_id_network_feed_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_activation")),
    )
    op.create_index(op.f("ix_network_activation_feed"), "network_activation", ["feed"], unique=False)
    op.create_table(
        "network_notice_count",
        sa.Column("version_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["network_feed_version.id"],
            name=op.f("fk_network_notice_count_version_id_network_feed_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "code", name=op.f("pk_network_notice_count")),
    )
    op.create_table(
        "scolaire_added_coach",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("vehicle", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("wheelchairs", sa.Integer(), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("stops", Json, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("notice", sa.String(length=26), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("agreed_by", sa.String(length=26), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "seats >= 0 AND wheelchairs >= 0 AND seats + wheelchairs > 0", name=op.f("ck_scolaire_added_coach_places")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_scolaire_added_coach_organisation_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_added_coach_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_added_coach")),
    )
    op.create_index(op.f("ix_scolaire_added_coach_last_day"), "scolaire_added_coach", ["last_day"], unique=False)
    op.create_index(op.f("ix_scolaire_added_coach_notice"), "scolaire_added_coach", ["notice"], unique=False)
    op.create_index(
        op.f("ix_scolaire_added_coach_organisation"), "scolaire_added_coach", ["organisation"], unique=False
    )
    op.create_index(
        op.f("ix_scolaire_added_coach_plan_service_last_day"),
        "scolaire_added_coach",
        ["plan", "service", "last_day"],
        unique=False,
    )
    op.create_table(
        "scolaire_coach_number",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_coach_number_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_coach_number")),
    )
    op.create_index(
        op.f("ix_scolaire_coach_number_plan_service"), "scolaire_coach_number", ["plan", "service"], unique=False
    )
    op.create_table(
        "scolaire_count",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("aboard", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("aboard BETWEEN 0 AND 300", name=op.f("ck_scolaire_count_aboard")),
        sa.ForeignKeyConstraint(["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_count_plan_scolaire_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_count")),
        sa.UniqueConstraint("plan", "service", "day", "number", name=op.f("uq_scolaire_count_plan_service_day_number")),
    )
    op.create_index(op.f("ix_scolaire_count_day"), "scolaire_count", ["day"], unique=False)
    op.create_table(
        "scolaire_decision",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("registration", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", Json, nullable=False),
        sa.Column("homes", Json, nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("rules", sa.String(length=60), nullable=False),
        sa.Column("rules_hash", sa.String(length=64), nullable=False),
        sa.Column("proposed", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("capacity", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("appeal", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration"],
            ["scolaire_registration.id"],
            name=op.f("fk_scolaire_decision_registration_scolaire_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_decision")),
        sa.UniqueConstraint("registration", "number", name=op.f("uq_scolaire_decision_registration_number")),
    )
    op.create_table(
        "scolaire_depot_vehicle",
        sa.Column("depot", sa.String(length=26), nullable=False),
        sa.Column("vehicle_type", sa.String(length=40), nullable=False),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.CheckConstraint("vehicles >= 0", name=op.f("ck_scolaire_depot_vehicle_vehicles")),
        sa.ForeignKeyConstraint(
            ["depot"],
            ["scolaire_depot.id"],
            name=op.f("fk_scolaire_depot_vehicle_depot_scolaire_depot"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("depot", "vehicle_type", name=op.f("pk_scolaire_depot_vehicle")),
    )
    op.create_table(
        "scolaire_document",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("registration", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=400), nullable=False),
        sa.Column("given_by", sa.String(length=26), nullable=True),
        sa.Column("entered_by", sa.String(length=26), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("again_of", sa.String(length=40), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("looked_by", sa.String(length=26), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration"],
            ["scolaire_registration.id"],
            name=op.f("fk_scolaire_document_registration_scolaire_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_document")),
    )
    op.create_index(op.f("ix_scolaire_document_given_by"), "scolaire_document", ["given_by"], unique=False)
    op.create_index(op.f("ix_scolaire_document_registration"), "scolaire_document", ["registration"], unique=False)
    op.create_table(
        "scolaire_escort",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("employer", sa.String(length=120), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_escort_plan_scolaire_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_escort")),
    )
    op.create_index(op.f("ix_scolaire_escort_last_day"), "scolaire_escort", ["last_day"], unique=False)
    op.create_index(
        op.f("ix_scolaire_escort_plan_service_last_day"),
        "scolaire_escort",
        ["plan", "service", "last_day"],
        unique=False,
    )
    op.create_table(
        "scolaire_open_service",
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_open_service_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("plan", "service", name=op.f("pk_scolaire_open_service")),
    )
    op.create_table(
        "scolaire_pass",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("registration", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("paid_with", sa.String(length=60), nullable=True),
        sa.Column("title", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("issued_by", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration"],
            ["scolaire_registration.id"],
            name=op.f("fk_scolaire_pass_registration_scolaire_registration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_pass")),
    )
    op.create_index(op.f("ix_scolaire_pass_registration"), "scolaire_pass", ["registration"], unique=False)
    op.create_index(op.f("ix_scolaire_pass_title"), "scolaire_pass", ["title"], unique=False)
    op.create_table(
        "scolaire_plan_candidate",
        sa.Column("job", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("demand_digest", sa.String(length=64), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=True),
        sa.Column("kpis", Json, nullable=True),
        sa.Column("state", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_plan_candidate_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_scolaire_plan_candidate")),
    )
    op.create_index(op.f("ix_scolaire_plan_candidate_plan"), "scolaire_plan_candidate", ["plan"], unique=False)
    op.create_table(
        "scolaire_plan_lock",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("half", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("school", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=4000), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("author", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_plan_lock_plan_scolaire_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_plan_lock")),
    )
    op.create_index(
        op.f("ix_scolaire_plan_lock_plan_ended_at"), "scolaire_plan_lock", ["plan", "ended_at"], unique=False
    )
    op.create_table(
        "scolaire_plan_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=26), nullable=True),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("demand_digest", sa.String(length=64), nullable=False),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("kpis", Json, nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_plan_version_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_plan_version")),
        sa.UniqueConstraint("plan", "number", name=op.f("uq_scolaire_plan_version_plan_number")),
    )
    op.create_index(op.f("ix_scolaire_plan_version_job"), "scolaire_plan_version", ["job"], unique=False)
    op.create_table(
        "scolaire_price",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contract", sa.String(length=26), nullable=False),
        sa.Column("vehicle_type", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("wheelchairs", sa.Integer(), nullable=False),
        sa.Column("day_cents", sa.Integer(), nullable=False),
        sa.Column("km_cents", sa.Integer(), nullable=False),
        sa.Column("hour_cents", sa.Integer(), nullable=False),
        sa.Column("co2_g_km", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "day_cents >= 0 AND km_cents >= 0 AND hour_cents >= 0 AND co2_g_km >= 0",
            name=op.f("ck_scolaire_price_amounts"),
        ),
        sa.CheckConstraint(
            "seats >= 0 AND wheelchairs >= 0 AND seats + wheelchairs > 0", name=op.f("ck_scolaire_price_places")
        ),
        sa.ForeignKeyConstraint(
            ["contract"], ["scolaire_contract.id"], name=op.f("fk_scolaire_price_contract_scolaire_contract")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_price")),
        sa.UniqueConstraint("contract", "vehicle_type", name=op.f("uq_scolaire_price_contract_vehicle_type")),
    )
    op.create_table(
        "scolaire_price_formula",
        sa.Column("contract", sa.String(length=26), nullable=False),
        sa.Column("fixed", sa.String(length=24), nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("every", sa.String(length=5), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("rounding", sa.String(length=8), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("every IN ('year', 'month')", name=op.f("ck_scolaire_price_formula_every")),
        sa.CheckConstraint("rounding IN ('half_up', 'down')", name=op.f("ck_scolaire_price_formula_rounding")),
        sa.CheckConstraint("decimals BETWEEN 2 AND 8", name=op.f("ck_scolaire_price_formula_decimals")),
        sa.ForeignKeyConstraint(
            ["contract"], ["scolaire_contract.id"], name=op.f("fk_scolaire_price_formula_contract_scolaire_contract")
        ),
        sa.PrimaryKeyConstraint("contract", name=op.f("pk_scolaire_price_formula")),
    )
    op.create_table(
        "scolaire_registration_home",
        sa.Column("registration", sa.String(length=26), nullable=False),
        sa.Column("home", sa.String(length=26), nullable=False),
        sa.Column("wished_stop", sa.String(length=26), nullable=True),
        sa.Column("stop", sa.String(length=26), nullable=True),
        sa.Column("in_sector", sa.Boolean(), nullable=True),
        sa.Column("measure", Json, nullable=True),
        sa.Column("path", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["home"],
            ["scolaire_home.id"],
            name=op.f("fk_scolaire_registration_home_home_scolaire_home"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration"],
            ["scolaire_registration.id"],
            name=op.f("fk_scolaire_registration_home_registration_scolaire_registration"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stop"],
            ["scolaire_stop.id"],
            name=op.f("fk_scolaire_registration_home_stop_scolaire_stop"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["wished_stop"],
            ["scolaire_stop.id"],
            name=op.f("fk_scolaire_registration_home_wished_stop_scolaire_stop"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("registration", "home", name=op.f("pk_scolaire_registration_home")),
    )
    op.create_index(op.f("ix_scolaire_registration_home_stop"), "scolaire_registration_home", ["stop"], unique=False)
    op.create_index(
        op.f("ix_scolaire_registration_home_wished_stop"), "scolaire_registration_home", ["wished_stop"], unique=False
    )
    op.create_table(
        "scolaire_shuttle",
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_shuttle_plan_scolaire_plan")),
        sa.PrimaryKeyConstraint("plan", "service", name=op.f("pk_scolaire_shuttle")),
    )
    op.create_table(
        "scolaire_substitution",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("plan", sa.String(length=26), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("vehicle", sa.String(length=40), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("wheelchairs", sa.Integer(), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("standing_ok", sa.String(length=300), nullable=False),
        sa.Column("notice", sa.String(length=26), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "seats >= 0 AND wheelchairs >= 0 AND seats + wheelchairs > 0", name=op.f("ck_scolaire_substitution_places")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name=op.f("fk_scolaire_substitution_organisation_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["plan"], ["scolaire_plan.id"], name=op.f("fk_scolaire_substitution_plan_scolaire_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_substitution")),
    )
    op.create_index(op.f("ix_scolaire_substitution_last_day"), "scolaire_substitution", ["last_day"], unique=False)
    op.create_index(
        op.f("ix_scolaire_substitution_organisation"), "scolaire_substitution", ["organisation"], unique=False
    )
    op.create_index(
        op.f("ix_scolaire_substitution_plan_service_last_day"),
        "scolaire_substitution",
        ["plan", "service", "last_day"],
        unique=False,
    )
    op.create_table(
        "tad_contact",
        sa.Column("booking", sa.String(length=26), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("needs", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking"], ["tad_booking.id"], name=op.f("fk_tad_contact_booking_tad_booking"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("booking", name=op.f("pk_tad_contact")),
    )
    op.create_index(op.f("ix_tad_contact_phone"), "tad_contact", ["phone"], unique=False)
    op.create_table(
        "scolaire_appeal",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("decision", sa.String(length=26), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("closed_by", sa.String(length=26), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision"],
            ["scolaire_decision.id"],
            name=op.f("fk_scolaire_appeal_decision_scolaire_decision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_appeal")),
        sa.UniqueConstraint("decision", name=op.f("uq_scolaire_appeal_decision")),
    )
    op.create_index(
        op.f("ix_scolaire_appeal_closed_at_made_at"), "scolaire_appeal", ["closed_at", "made_at"], unique=False
    )
    op.create_table(
        "scolaire_plan_step",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.CheckConstraint("step IN ('approved', 'published', 'withdrawn')", name=op.f("ck_scolaire_plan_step_step")),
        sa.ForeignKeyConstraint(
            ["version"], ["scolaire_plan_version.id"], name=op.f("fk_scolaire_plan_step_version_scolaire_plan_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scolaire_plan_step")),
        sa.UniqueConstraint("version", "step", name=op.f("uq_scolaire_plan_step_version_step")),
    )
    # ### end Alembic commands ###
    for statement in PROTECTIONS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_table("scolaire_plan_step")
    op.drop_index(op.f("ix_scolaire_appeal_closed_at_made_at"), table_name="scolaire_appeal")
    op.drop_table("scolaire_appeal")
    op.drop_index(op.f("ix_tad_contact_phone"), table_name="tad_contact")
    op.drop_table("tad_contact")
    op.drop_index(op.f("ix_scolaire_substitution_plan_service_last_day"), table_name="scolaire_substitution")
    op.drop_index(op.f("ix_scolaire_substitution_organisation"), table_name="scolaire_substitution")
    op.drop_index(op.f("ix_scolaire_substitution_last_day"), table_name="scolaire_substitution")
    op.drop_table("scolaire_substitution")
    op.drop_table("scolaire_shuttle")
    op.drop_index(op.f("ix_scolaire_registration_home_wished_stop"), table_name="scolaire_registration_home")
    op.drop_index(op.f("ix_scolaire_registration_home_stop"), table_name="scolaire_registration_home")
    op.drop_table("scolaire_registration_home")
    op.drop_table("scolaire_price_formula")
    op.drop_table("scolaire_price")
    op.drop_index(op.f("ix_scolaire_plan_version_job"), table_name="scolaire_plan_version")
    op.drop_table("scolaire_plan_version")
    op.drop_index(op.f("ix_scolaire_plan_lock_plan_ended_at"), table_name="scolaire_plan_lock")
    op.drop_table("scolaire_plan_lock")
    op.drop_index(op.f("ix_scolaire_plan_candidate_plan"), table_name="scolaire_plan_candidate")
    op.drop_table("scolaire_plan_candidate")
    op.drop_index(op.f("ix_scolaire_pass_title"), table_name="scolaire_pass")
    op.drop_index(op.f("ix_scolaire_pass_registration"), table_name="scolaire_pass")
    op.drop_table("scolaire_pass")
    op.drop_table("scolaire_open_service")
    op.drop_index(op.f("ix_scolaire_escort_plan_service_last_day"), table_name="scolaire_escort")
    op.drop_index(op.f("ix_scolaire_escort_last_day"), table_name="scolaire_escort")
    op.drop_table("scolaire_escort")
    op.drop_index(op.f("ix_scolaire_document_registration"), table_name="scolaire_document")
    op.drop_index(op.f("ix_scolaire_document_given_by"), table_name="scolaire_document")
    op.drop_table("scolaire_document")
    op.drop_table("scolaire_depot_vehicle")
    op.drop_table("scolaire_decision")
    op.drop_index(op.f("ix_scolaire_count_day"), table_name="scolaire_count")
    op.drop_table("scolaire_count")
    op.drop_index(op.f("ix_scolaire_coach_number_plan_service"), table_name="scolaire_coach_number")
    op.drop_table("scolaire_coach_number")
    op.drop_index(op.f("ix_scolaire_added_coach_plan_service_last_day"), table_name="scolaire_added_coach")
    op.drop_index(op.f("ix_scolaire_added_coach_organisation"), table_name="scolaire_added_coach")
    op.drop_index(op.f("ix_scolaire_added_coach_notice"), table_name="scolaire_added_coach")
    op.drop_index(op.f("ix_scolaire_added_coach_last_day"), table_name="scolaire_added_coach")
    op.drop_table("scolaire_added_coach")
    op.drop_table("network_notice_count")
    op.drop_index(op.f("ix_network_activation_feed"), table_name="network_activation")
    op.drop_table("network_activation")
    op.drop_table("tad_day")
    op.drop_index(op.f("ix_tad_booking_subject"), table_name="tad_booking")
    op.drop_index(op.f("ix_tad_booking_state_day"), table_name="tad_booking")
    op.drop_index(op.f("ix_tad_booking_service_day"), table_name="tad_booking")
    op.drop_index(op.f("ix_tad_booking_series"), table_name="tad_booking")
    op.drop_table("tad_booking")
    op.drop_index(op.f("ix_scolaire_walk_stop"), table_name="scolaire_walk")
    op.drop_table("scolaire_walk")
    op.drop_index(op.f("ix_scolaire_stop_review_stop_at"), table_name="scolaire_stop_review")
    op.drop_table("scolaire_stop_review")
    op.drop_index(op.f("ix_scolaire_sector_uai"), table_name="scolaire_sector")
    op.drop_index(op.f("ix_scolaire_sector_commune_stage"), table_name="scolaire_sector")
    op.drop_table("scolaire_sector")
    op.drop_index(
        "uq_scolaire_registration_year",
        table_name="scolaire_registration",
        sqlite_where=sa.text("state <> 'cancelled'"),
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.drop_index(op.f("ix_scolaire_registration_uai_year"), table_name="scolaire_registration")
    op.drop_index(op.f("ix_scolaire_registration_state_received_at"), table_name="scolaire_registration")
    op.drop_index(op.f("ix_scolaire_registration_outcome"), table_name="scolaire_registration")
    op.drop_index(op.f("ix_scolaire_registration_last_day"), table_name="scolaire_registration")
    op.drop_index(op.f("ix_scolaire_registration_asked_by"), table_name="scolaire_registration")
    op.drop_table("scolaire_registration")
    op.drop_index(op.f("ix_scolaire_plan_lot"), table_name="scolaire_plan")
    op.drop_table("scolaire_plan")
    op.drop_table("scolaire_home_address")
    op.drop_index(op.f("ix_scolaire_depot_lot"), table_name="scolaire_depot")
    op.drop_table("scolaire_depot")
    op.drop_index(op.f("ix_scolaire_days_zone_first_day"), table_name="scolaire_days")
    op.drop_index(op.f("ix_scolaire_days_uai"), table_name="scolaire_days")
    op.drop_table("scolaire_days")
    op.drop_index(op.f("ix_scolaire_contract_lot_first_day"), table_name="scolaire_contract")
    op.drop_table("scolaire_contract")
    op.drop_index(op.f("ix_scolaire_bond_pupil"), table_name="scolaire_bond")
    op.drop_index(op.f("ix_scolaire_bond_guardian"), table_name="scolaire_bond")
    op.drop_table("scolaire_bond")
    op.drop_index(op.f("ix_scolaire_bell_uai_weekday"), table_name="scolaire_bell")
    op.drop_table("scolaire_bell")
    op.drop_index(op.f("ix_requests_file_request"), table_name="requests_file")
    op.drop_index(op.f("ix_requests_file_entry"), table_name="requests_file")
    op.drop_table("requests_file")
    op.drop_table("opendata_pointer")
    op.drop_index(op.f("ix_opendata_file_sha256"), table_name="opendata_file")
    op.drop_table("opendata_file")
    op.drop_index(op.f("ix_opendata_event_dataset"), table_name="opendata_event")
    op.drop_index(op.f("ix_opendata_event_at"), table_name="opendata_event")
    op.drop_table("opendata_event")
    op.drop_index(op.f("ix_opendata_check_version_id_judge"), table_name="opendata_check")
    op.drop_table("opendata_check")
    op.drop_index(op.f("ix_opendata_approval_version_id"), table_name="opendata_approval")
    op.drop_table("opendata_approval")
    op.drop_index(op.f("ix_network_place_stop_place"), table_name="network_place_stop")
    op.drop_index(op.f("ix_network_place_stop_feed_last_use"), table_name="network_place_stop")
    op.drop_table("network_place_stop")
    op.drop_table("network_feed_version")
    op.drop_index(op.f("ix_covoit_bank_event_file"), table_name="covoit_bank_event")
    op.drop_table("covoit_bank_event")
    op.drop_index(op.f("ix_api_access_token_key"), table_name="api_access_token")
    op.drop_index(op.f("ix_api_access_token_expires_at"), table_name="api_access_token")
    op.drop_table("api_access_token")
    op.drop_table("account_password")
    op.drop_index(op.f("ix_account_identity_subject"), table_name="account_identity")
    op.drop_table("account_identity")
    op.drop_index(op.f("ix_tad_service_code_first_day"), table_name="tad_service")
    op.drop_table("tad_service")
    op.drop_index(op.f("ix_scolaire_stop_organisation"), table_name="scolaire_stop")
    op.drop_index(op.f("ix_scolaire_stop_commune"), table_name="scolaire_stop")
    op.drop_table("scolaire_stop")
    op.drop_index(op.f("ix_scolaire_school_organisation"), table_name="scolaire_school")
    op.drop_index(op.f("ix_scolaire_school_commune"), table_name="scolaire_school")
    op.drop_table("scolaire_school")
    op.drop_index(op.f("ix_scolaire_pupil_identity_folded_born_on"), table_name="scolaire_pupil_identity")
    op.drop_table("scolaire_pupil_identity")
    op.drop_index(op.f("ix_scolaire_lot_organisation"), table_name="scolaire_lot")
    op.drop_table("scolaire_lot")
    op.drop_index(op.f("ix_scolaire_invite_guardian"), table_name="scolaire_invite")
    op.drop_table("scolaire_invite")
    op.drop_index(op.f("ix_scolaire_home_pupil"), table_name="scolaire_home")
    op.drop_index(op.f("ix_scolaire_home_commune"), table_name="scolaire_home")
    op.drop_table("scolaire_home")
    op.drop_table("scolaire_area")
    op.drop_index(op.f("ix_requests_entry_request"), table_name="requests_entry")
    op.drop_table("requests_entry")
    op.drop_index(op.f("ix_requests_contact_name_key"), table_name="requests_contact")
    op.drop_table("requests_contact")
    op.drop_index(op.f("ix_opendata_waiver_dataset"), table_name="opendata_waiver")
    op.drop_table("opendata_waiver")
    op.drop_index(op.f("ix_opendata_version_state"), table_name="opendata_version")
    op.drop_table("opendata_version")
    op.drop_table("opendata_measure")
    op.drop_index(op.f("ix_network_scenario_edit_scenario"), table_name="network_scenario_edit")
    op.drop_table("network_scenario_edit")
    op.drop_table("network_feed")
    op.drop_index(op.f("ix_covoit_payment_batch"), table_name="covoit_payment")
    op.drop_table("covoit_payment")
    op.drop_index(op.f("ix_covoit_member_changed_at"), table_name="covoit_member")
    op.drop_table("covoit_member")
    op.drop_index(op.f("ix_covoit_booking_passenger_pickup_at"), table_name="covoit_booking")
    op.drop_index(op.f("ix_covoit_booking_offer"), table_name="covoit_booking")
    op.drop_table("covoit_booking")
    op.drop_index(op.f("ix_covoit_batch_line_claim"), table_name="covoit_batch_line")
    op.drop_table("covoit_batch_line")
    op.drop_table("covoit_batch_act")
    op.drop_table("billettique_subscription_period")
    op.drop_table("billettique_spot_receipt")
    op.drop_index(op.f("ix_billettique_quarantine_refund_at"), table_name="billettique_quarantine")
    op.drop_index(op.f("ix_billettique_quarantine_payment"), table_name="billettique_quarantine")
    op.drop_table("billettique_quarantine")
    op.drop_index(op.f("ix_billettique_promotion_use_used_at"), table_name="billettique_promotion_use")
    op.drop_index(op.f("ix_billettique_promotion_use_promotion_id_person"), table_name="billettique_promotion_use")
    op.drop_table("billettique_promotion_use")
    op.drop_index(op.f("ix_billettique_payment_refund_state"), table_name="billettique_payment_refund")
    op.drop_index(op.f("ix_billettique_payment_refund_provider_ref"), table_name="billettique_payment_refund")
    op.drop_index(op.f("ix_billettique_payment_refund_payment"), table_name="billettique_payment_refund")
    op.drop_table("billettique_payment_refund")
    op.drop_index(op.f("ix_billettique_payment_ref_payment"), table_name="billettique_payment_ref")
    op.drop_table("billettique_payment_ref")
    op.drop_table("billettique_payment_move")
    op.drop_index(op.f("ix_billettique_payment_dispute_payment"), table_name="billettique_payment_dispute")
    op.drop_table("billettique_payment_dispute")
    op.drop_index(op.f("ix_billettique_partner_order_partner"), table_name="billettique_partner_order")
    op.drop_index(op.f("ix_billettique_partner_order_opened_at"), table_name="billettique_partner_order")
    op.drop_table("billettique_partner_order")
    op.drop_index(op.f("ix_billettique_order_payment_order_id"), table_name="billettique_order_payment")
    op.drop_table("billettique_order_payment")
    op.drop_index(op.f("ix_billettique_item_refund_refund"), table_name="billettique_item_refund")
    op.drop_index(op.f("ix_billettique_item_refund_order_id"), table_name="billettique_item_refund")
    op.drop_index(op.f("ix_billettique_item_refund_about_reason"), table_name="billettique_item_refund")
    op.drop_table("billettique_item_refund")
    op.drop_index(op.f("ix_billettique_item_state_changed_at"), table_name="billettique_item")
    op.drop_index(op.f("ix_billettique_item_payment"), table_name="billettique_item")
    op.drop_index(op.f("ix_billettique_item_order_id_position"), table_name="billettique_item")
    op.drop_index(op.f("ix_billettique_item_changed_at"), table_name="billettique_item")
    op.drop_table("billettique_item")
    op.drop_index(op.f("ix_billettique_give_back_state"), table_name="billettique_give_back")
    op.drop_index(op.f("ix_billettique_give_back_refund"), table_name="billettique_give_back")
    op.drop_table("billettique_give_back")
    op.drop_index(op.f("ix_billettique_code_provider_key_id_replaced_at_id"), table_name="billettique_code")
    op.drop_index(op.f("ix_billettique_code_entitlement_replaced_at"), table_name="billettique_code")
    op.drop_table("billettique_code")
    op.drop_index(op.f("ix_billettique_case_person_forget_at"), table_name="billettique_case_person")
    op.drop_table("billettique_case_person")
    op.drop_index(op.f("ix_billettique_case_move_case_id"), table_name="billettique_case_move")
    op.drop_table("billettique_case_move")
    op.drop_index(op.f("ix_billettique_case_contest_forget_at"), table_name="billettique_case_contest")
    op.drop_table("billettique_case_contest")
    op.drop_index(op.f("ix_api_key_subject"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_index(op.f("ix_account_session_subject"), table_name="account_session")
    op.drop_table("account_session")
    op.drop_table("account_person")
    op.drop_index(
        "uq_account_grant_live_in_organisation",
        table_name="account_grant",
        sqlite_where=sa.text("ended_at IS NULL AND organisation IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND organisation IS NOT NULL"),
    )
    op.drop_index(
        "uq_account_grant_live_everywhere",
        table_name="account_grant",
        sqlite_where=sa.text("ended_at IS NULL AND organisation IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND organisation IS NULL"),
    )
    op.drop_table("account_grant")
    op.drop_index(op.f("ix_trip_opinion_month"), table_name="trip_opinion")
    op.drop_table("trip_opinion")
    op.drop_index(op.f("ix_trip_follower_ends_at"), table_name="trip_follower")
    op.drop_index(op.f("ix_trip_follower_address"), table_name="trip_follower")
    op.drop_table("trip_follower")
    op.drop_index(op.f("ix_tad_booking_change_booking"), table_name="tad_booking_change")
    op.drop_table("tad_booking_change")
    op.drop_table("street_extract")
    op.drop_index(op.f("ix_shared_source_next_at"), table_name="shared_source")
    op.drop_table("shared_source")
    op.drop_index(op.f("ix_scolaire_pupil_last_day"), table_name="scolaire_pupil")
    op.drop_table("scolaire_pupil")
    op.drop_index(op.f("ix_scolaire_plan_content_last_day"), table_name="scolaire_plan_content")
    op.drop_table("scolaire_plan_content")
    op.drop_index(op.f("ix_scolaire_notice_last_day"), table_name="scolaire_notice")
    op.drop_table("scolaire_notice")
    op.drop_table("scolaire_line_seats")
    op.drop_table("scolaire_index_value")
    op.drop_index(op.f("ix_scolaire_guardian_last_day"), table_name="scolaire_guardian")
    op.drop_index(op.f("ix_scolaire_guardian_email"), table_name="scolaire_guardian")
    op.drop_table("scolaire_guardian")
    op.drop_table("scolaire_figures")
    op.drop_index(op.f("ix_requests_request_taken_by"), table_name="requests_request")
    op.drop_index(op.f("ix_requests_request_subject"), table_name="requests_request")
    op.drop_index(op.f("ix_requests_request_state_promised_on"), table_name="requests_request")
    op.drop_index(op.f("ix_requests_request_received_at"), table_name="requests_request")
    op.drop_table("requests_request")
    op.drop_index(op.f("ix_realtime_source_next_at"), table_name="realtime_source")
    op.drop_table("realtime_source")
    op.drop_index(op.f("ix_park_source_next_at"), table_name="park_source")
    op.drop_table("park_source")
    op.drop_index(op.f("ix_outbox_message_person"), table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_failed_at"), table_name="outbox_message")
    op.drop_index(op.f("ix_outbox_message_due_at"), table_name="outbox_message")
    op.drop_table("outbox_message")
    op.drop_index(op.f("ix_outbox_effect_failed_at"), table_name="outbox_effect")
    op.drop_index(op.f("ix_outbox_effect_due_at"), table_name="outbox_effect")
    op.drop_table("outbox_effect")
    op.drop_table("organisation")
    op.drop_index(op.f("ix_opendata_release_subject_made_at"), table_name="opendata_release")
    op.drop_table("opendata_release")
    op.drop_index(op.f("ix_opendata_follower_person"), table_name="opendata_follower")
    op.drop_index(op.f("ix_opendata_follower_ends_at"), table_name="opendata_follower")
    op.drop_index(op.f("ix_opendata_follower_dataset"), table_name="opendata_follower")
    op.drop_table("opendata_follower")
    op.drop_table("opendata_dataset")
    op.drop_index(op.f("ix_observed_trip_heard_at"), table_name="observed_trip")
    op.drop_table("observed_trip")
    op.drop_table("network_scenario")
    op.drop_table("network_pointer")
    op.drop_table("network_place_merge")
    op.drop_index(op.f("ix_network_feed_source_next_at"), table_name="network_feed_source")
    op.drop_table("network_feed_source")
    op.drop_index(op.f("ix_network_feed_alert_feed"), table_name="network_feed_alert")
    op.drop_table("network_feed_alert")
    op.drop_table("ledger_signed_head")
    op.drop_index(op.f("ix_ledger_mark_account_era_happened_us_rank"), table_name="ledger_mark")
    op.drop_table("ledger_mark")
    op.drop_index(
        op.f("ix_ledger_line_of_n"),
        table_name="ledger_line",
        sqlite_where=sa.text("of_n IS NOT NULL"),
        postgresql_where=sa.text("of_n IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_ledger_line_group_name_group_position"),
        table_name="ledger_line",
        sqlite_where=sa.text("group_name IS NOT NULL"),
        postgresql_where=sa.text("group_name IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_ledger_line_expires_us"),
        table_name="ledger_line",
        sqlite_where=sa.text("expires_us IS NOT NULL"),
        postgresql_where=sa.text("expires_us IS NOT NULL"),
    )
    op.drop_index(op.f("ix_ledger_line_debit_era_happened_us_n"), table_name="ledger_line")
    op.drop_index(op.f("ix_ledger_line_credit_era_happened_us_n"), table_name="ledger_line")
    op.drop_table("ledger_line")
    op.drop_table("ledger_head")
    op.drop_table("ledger_account")
    op.drop_index(op.f("ix_job_schedule_next_at"), table_name="job_schedule")
    op.drop_table("job_schedule")
    op.drop_index("ix_job_state_due_at", table_name="job")
    op.drop_index("ix_job_created_at", table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_disruption_follower_line"), table_name="disruption_follower")
    op.drop_index(op.f("ix_disruption_follower_ends_at"), table_name="disruption_follower")
    op.drop_table("disruption_follower")
    op.drop_table("disruption")
    op.drop_index(op.f("ix_covoit_waiting_stop_ended_at"), table_name="covoit_waiting")
    op.drop_index(op.f("ix_covoit_waiting_passenger"), table_name="covoit_waiting")
    op.drop_index(op.f("ix_covoit_waiting_line_direction_since"), table_name="covoit_waiting")
    op.drop_table("covoit_waiting")
    op.drop_index(op.f("ix_covoit_statement_line_person_month"), table_name="covoit_statement_line")
    op.drop_index(op.f("ix_covoit_statement_line_month"), table_name="covoit_statement_line")
    op.drop_table("covoit_statement_line")
    op.drop_table("covoit_statement")
    op.drop_index(op.f("ix_covoit_sent_sent_at"), table_name="covoit_sent")
    op.drop_index(
        "ix_covoit_sent_poll_at",
        table_name="covoit_sent",
        sqlite_where=sa.text("poll_at IS NOT NULL"),
        postgresql_where=sa.text("poll_at IS NOT NULL"),
    )
    op.drop_table("covoit_sent")
    op.drop_index(op.f("ix_covoit_report_by"), table_name="covoit_report")
    op.drop_index(op.f("ix_covoit_report_at"), table_name="covoit_report")
    op.drop_table("covoit_report")
    op.drop_index(op.f("ix_covoit_regular_line"), table_name="covoit_regular")
    op.drop_index(op.f("ix_covoit_regular_driver"), table_name="covoit_regular")
    op.drop_table("covoit_regular")
    op.drop_index(
        "uq_covoit_phone_check_waiting",
        table_name="covoit_phone_check",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("ix_covoit_phone_check_person"), table_name="covoit_phone_check")
    op.drop_index(op.f("ix_covoit_phone_check_asked_at"), table_name="covoit_phone_check")
    op.drop_table("covoit_phone_check")
    op.drop_index(
        "uq_covoit_person_verified",
        table_name="covoit_person",
        sqlite_where=sa.text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
        postgresql_where=sa.text("phone_verified_at IS NOT NULL AND subject IS NOT NULL"),
    )
    op.drop_index(op.f("ix_covoit_person_seen_at"), table_name="covoit_person")
    op.drop_table("covoit_person")
    op.drop_index(op.f("ix_covoit_operator_user_seen_at"), table_name="covoit_operator_user")
    op.drop_index(op.f("ix_covoit_operator_user_person"), table_name="covoit_operator_user")
    op.drop_table("covoit_operator_user")
    op.drop_index(op.f("ix_covoit_offer_line_direction_leaves_at"), table_name="covoit_offer")
    op.drop_index(op.f("ix_covoit_offer_driver_leaves_at"), table_name="covoit_offer")
    op.drop_table("covoit_offer")
    op.drop_table("covoit_month")
    op.drop_table("covoit_lock")
    op.drop_index(op.f("ix_covoit_journey_position_settled_at"), table_name="covoit_journey_position")
    op.drop_table("covoit_journey_position")
    op.drop_index(op.f("ix_covoit_journey_past_until"), table_name="covoit_journey_past")
    op.drop_table("covoit_journey_past")
    op.drop_index("ix_covoit_journey_trip", table_name="covoit_journey")
    op.drop_index("ix_covoit_journey_passenger_day", table_name="covoit_journey")
    op.drop_index(
        "ix_covoit_journey_open",
        table_name="covoit_journey",
        sqlite_where=sa.text("frozen_at IS NULL"),
        postgresql_where=sa.text("frozen_at IS NULL"),
    )
    op.drop_index("ix_covoit_journey_driver_day", table_name="covoit_journey")
    op.drop_index("ix_covoit_journey_day", table_name="covoit_journey")
    op.drop_table("covoit_journey")
    op.drop_index(op.f("ix_covoit_joined_file_person"), table_name="covoit_joined_file")
    op.drop_table("covoit_joined_file")
    op.drop_index(op.f("ix_covoit_intake_order_created_at"), table_name="covoit_intake_order")
    op.drop_table("covoit_intake_order")
    op.drop_index(op.f("ix_covoit_intake_received_at"), table_name="covoit_intake")
    op.drop_table("covoit_intake")
    op.drop_index(
        "uq_covoit_iban_waiting",
        table_name="covoit_iban",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "uq_covoit_iban_active",
        table_name="covoit_iban",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.drop_index(op.f("ix_covoit_iban_person"), table_name="covoit_iban")
    op.drop_table("covoit_iban")
    op.drop_index(op.f("ix_covoit_guarantee_passenger"), table_name="covoit_guarantee")
    op.drop_index(op.f("ix_covoit_guarantee_opened_at"), table_name="covoit_guarantee")
    op.drop_index(op.f("ix_covoit_guarantee_line"), table_name="covoit_guarantee")
    op.drop_table("covoit_guarantee")
    op.drop_index(op.f("ix_covoit_evidence_received_at"), table_name="covoit_evidence")
    op.drop_index(op.f("ix_covoit_evidence_booking"), table_name="covoit_evidence")
    op.drop_table("covoit_evidence")
    op.drop_index(op.f("ix_covoit_driven_recorded_at"), table_name="covoit_driven")
    op.drop_table("covoit_driven")
    op.drop_index(op.f("ix_covoit_decision_person"), table_name="covoit_decision")
    op.drop_index(op.f("ix_covoit_decision_object_id"), table_name="covoit_decision")
    op.drop_index(op.f("ix_covoit_decision_decided_at"), table_name="covoit_decision")
    op.drop_table("covoit_decision")
    op.drop_index(op.f("ix_covoit_code_session_offer"), table_name="covoit_code_session")
    op.drop_table("covoit_code_session")
    op.drop_index(
        "uq_covoit_claim_waiting",
        table_name="covoit_claim",
        sqlite_where=sa.text("stage = 'claimed'"),
        postgresql_where=sa.text("stage = 'claimed'"),
    )
    op.drop_index(op.f("ix_covoit_claim_stage"), table_name="covoit_claim")
    op.drop_index(op.f("ix_covoit_claim_person"), table_name="covoit_claim")
    op.drop_index(op.f("ix_covoit_claim_last_month"), table_name="covoit_claim")
    op.drop_index(op.f("ix_covoit_claim_batch"), table_name="covoit_claim")
    op.drop_table("covoit_claim")
    op.drop_index(op.f("ix_covoit_case_person"), table_name="covoit_case")
    op.drop_index(op.f("ix_covoit_case_kind_answered_at"), table_name="covoit_case")
    op.drop_table("covoit_case")
    op.drop_table("covoit_call_payment")
    op.drop_index(op.f("ix_covoit_booking_change_booking"), table_name="covoit_booking_change")
    op.drop_table("covoit_booking_change")
    op.drop_index(op.f("ix_covoit_block_other"), table_name="covoit_block")
    op.drop_table("covoit_block")
    op.drop_index(op.f("ix_covoit_batch_state"), table_name="covoit_batch")
    op.drop_table("covoit_batch")
    op.drop_index(op.f("ix_covoit_ban_person"), table_name="covoit_ban")
    op.drop_table("covoit_ban")
    op.drop_table("covoit_award_use")
    op.drop_index(op.f("ix_covoit_award_head_open_day"), table_name="covoit_award_head")
    op.drop_index(op.f("ix_covoit_award_head_driver_day"), table_name="covoit_award_head")
    op.drop_table("covoit_award_head")
    op.drop_index(op.f("ix_covoit_award_driver_day"), table_name="covoit_award")
    op.drop_table("covoit_award")
    op.drop_index(op.f("ix_covoit_alert_state_month"), table_name="covoit_alert")
    op.drop_table("covoit_alert")
    op.drop_index(op.f("ix_coach_run_heard_at"), table_name="coach_run")
    op.drop_table("coach_run")
    op.drop_index(op.f("ix_blob_sha256"), table_name="blob")
    op.drop_index(op.f("ix_blob_owner"), table_name="blob")
    op.drop_index(op.f("ix_blob_last_day"), table_name="blob")
    op.drop_table("blob")
    op.drop_index(op.f("ix_billettique_validation_day_token"), table_name="billettique_validation")
    op.drop_index(op.f("ix_billettique_validation_at"), table_name="billettique_validation")
    op.drop_table("billettique_validation")
    op.drop_index(op.f("ix_billettique_used_until"), table_name="billettique_used")
    op.drop_index(op.f("ix_billettique_used_alerted_at"), table_name="billettique_used")
    op.drop_table("billettique_used")
    op.drop_table("billettique_use")
    op.drop_index(op.f("ix_billettique_subscription_subject"), table_name="billettique_subscription")
    op.drop_index(op.f("ix_billettique_subscription_state_next_day"), table_name="billettique_subscription")
    op.drop_table("billettique_subscription")
    op.drop_index(op.f("ix_billettique_scan_received_at"), table_name="billettique_scan")
    op.drop_table("billettique_scan")
    op.drop_index(op.f("ix_billettique_saved_means_provider_ref"), table_name="billettique_saved_means")
    op.drop_index(op.f("ix_billettique_saved_means_holder"), table_name="billettique_saved_means")
    op.drop_table("billettique_saved_means")
    op.drop_index(op.f("ix_billettique_revocation_until"), table_name="billettique_revocation")
    op.drop_index(op.f("ix_billettique_revocation_sequence"), table_name="billettique_revocation")
    op.drop_index(op.f("ix_billettique_revocation_mark"), table_name="billettique_revocation")
    op.drop_index(op.f("ix_billettique_revocation_entitlement"), table_name="billettique_revocation")
    op.drop_table("billettique_revocation")
    op.drop_table("billettique_regie")
    op.drop_index(op.f("ix_billettique_provider_work_provider_what_ref"), table_name="billettique_provider_work")
    op.drop_index(op.f("ix_billettique_provider_work_failed_at"), table_name="billettique_provider_work")
    op.drop_index(op.f("ix_billettique_provider_work_due_at"), table_name="billettique_provider_work")
    op.drop_table("billettique_provider_work")
    op.drop_table("billettique_provider_event")
    op.drop_index(op.f("ix_billettique_promotion_first_day_last_day"), table_name="billettique_promotion")
    op.drop_table("billettique_promotion")
    op.drop_index(op.f("ix_billettique_payment_look_at"), table_name="billettique_payment")
    op.drop_index(op.f("ix_billettique_payment_created_at"), table_name="billettique_payment")
    op.drop_table("billettique_payment")
    op.drop_index(op.f("ix_billettique_order_subject"), table_name="billettique_order")
    op.drop_index(op.f("ix_billettique_order_expires_at"), table_name="billettique_order")
    op.drop_index(op.f("ix_billettique_order_changed_at"), table_name="billettique_order")
    op.drop_table("billettique_order")
    op.drop_index(op.f("ix_billettique_load_day_line"), table_name="billettique_load")
    op.drop_table("billettique_load")
    op.drop_table("billettique_list")
    op.drop_index(op.f("ix_billettique_key_provider_purpose_key_id"), table_name="billettique_key")
    op.drop_index(op.f("ix_billettique_key_accepted_until"), table_name="billettique_key")
    op.drop_table("billettique_key")
    op.drop_table("billettique_item_move")
    op.drop_table("billettique_invoice_series")
    op.drop_index(op.f("ix_billettique_invoice_order_id"), table_name="billettique_invoice")
    op.drop_index(op.f("ix_billettique_invoice_issued_at"), table_name="billettique_invoice")
    op.drop_table("billettique_invoice")
    op.drop_table("billettique_flow")
    op.drop_index(op.f("ix_billettique_first_use_at"), table_name="billettique_first_use")
    op.drop_table("billettique_first_use")
    op.drop_table("billettique_fare_version")
    op.drop_index(op.f("ix_billettique_fare_draft_code"), table_name="billettique_fare_draft")
    op.drop_table("billettique_fare_draft")
    op.drop_index(op.f("ix_billettique_entitlement_subject"), table_name="billettique_entitlement")
    op.drop_index(op.f("ix_billettique_entitlement_reference_provider"), table_name="billettique_entitlement")
    op.drop_index(op.f("ix_billettique_entitlement_order_id"), table_name="billettique_entitlement")
    op.drop_index(op.f("ix_billettique_entitlement_last_at"), table_name="billettique_entitlement")
    op.drop_index(op.f("ix_billettique_entitlement_item_place"), table_name="billettique_entitlement")
    op.drop_table("billettique_entitlement")
    op.drop_index(op.f("ix_billettique_device_seen_at"), table_name="billettique_device")
    op.drop_index(op.f("ix_billettique_device_organisation"), table_name="billettique_device")
    op.drop_table("billettique_device")
    op.drop_table("billettique_deposit")
    op.drop_table("billettique_day_key")
    op.drop_index(op.f("ix_billettique_clearing_statement_month"), table_name="billettique_clearing_statement")
    op.drop_table("billettique_clearing_statement")
    op.drop_table("billettique_check")
    op.drop_table("billettique_chained_day")
    op.drop_index(
        "uq_billettique_cash_session_open",
        table_name="billettique_cash_session",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("ix_billettique_cash_session_regie_opened_at"), table_name="billettique_cash_session")
    op.drop_table("billettique_cash_session")
    op.drop_index(op.f("ix_billettique_cash_move_session_id"), table_name="billettique_cash_move")
    op.drop_index(op.f("ix_billettique_cash_move_regie_at"), table_name="billettique_cash_move")
    op.drop_table("billettique_cash_move")
    op.drop_index(op.f("ix_billettique_case_state_term"), table_name="billettique_case")
    op.drop_index(op.f("ix_billettique_case_found_at"), table_name="billettique_case")
    op.drop_table("billettique_case")
    op.drop_index(op.f("ix_billettique_balance_line_provider_payout"), table_name="billettique_balance_line")
    op.drop_index(op.f("ix_billettique_balance_line_explained_by"), table_name="billettique_balance_line")
    op.drop_index(op.f("ix_billettique_balance_line_explained"), table_name="billettique_balance_line")
    op.drop_index(op.f("ix_billettique_balance_line_at"), table_name="billettique_balance_line")
    op.drop_table("billettique_balance_line")
    op.drop_index(op.f("ix_audit_entry_object_kind_object_id"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_actor"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("assistance_terms")
    op.drop_table("account_link")
    op.drop_table("account")
    # ### end Alembic commands ###
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS mobigo_append_only()")
