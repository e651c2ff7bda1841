"""Double-entry book: accounts, transfers, hash chain. Used by covoit and billettique.

model     accounts, transfers, heads: frozen values
rules     which transfers may be, the chain and its check
store     lines that are never changed          gateway   signed heads that come back as files
export    a signed head as a file               service   posting, balances at a past moment, verifying
tasks     holds whose time is over, the monthly signature
"""
