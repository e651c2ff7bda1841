"""The core of the regional mobility service: base, infra, network, ledger, planner, tad, requests, app
(docs/architecture.md)."""
