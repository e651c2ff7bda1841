"""Double-entry book: accounts, transfers, hash chain. Used by covoit and billettique."""
