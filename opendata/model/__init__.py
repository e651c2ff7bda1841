"""What publication is made of, as frozen values: no clock, database, page or network here."""
