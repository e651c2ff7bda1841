"""The core of the regional mobility service: base, infra, network, ledger, planner, tad, app (see docs/architecture.md)."""
