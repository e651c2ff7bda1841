"""Pure vocabulary of the whole product: money, time, geography, ids, errors, decisions. Imports nothing of ours."""
