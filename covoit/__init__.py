"""Carpool lines: proof, subsidy engine, payments."""
