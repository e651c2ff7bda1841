"""Tables of carpool and the queries over them; no rule is decided here."""
