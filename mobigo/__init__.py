"""The core of the regional mobility service (docs/architecture.md): base, infra, network, ledger, planner, tad, requests, app."""
