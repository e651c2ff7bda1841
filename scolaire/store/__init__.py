"""The tables of school transport, and the queries over them."""
