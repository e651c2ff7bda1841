"""The use cases of carpool, one function each: what pages, commands, API and tasks call."""
