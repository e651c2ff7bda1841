"""The contracts of import-linter name modules one by one; here it is checked that they forget none.

A library that lives in one room is forbidden to every other room of every package, those made since included.
"""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOTS = ("mobigo", "covoit", "scolaire", "billettique", "opendata")
WITH_ROOMS = ("mobigo.network", "mobigo.planner", "mobigo.ledger", "mobigo.tad", "mobigo.requests", *ROOTS[1:])
PURE_ROOMS = ("model", "rules", "engine")

CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}


def modules_in(package: str) -> list[str]:
    """The modules and packages right inside a package."""
    folder = ROOT.joinpath(*package.split("."))
    return sorted(
        f"{package}.{entry.stem}"
        for entry in folder.iterdir()
        if (entry.suffix == ".py" and entry.stem != "__init__") or (entry / "__init__.py").exists()
    )


def all_but(allowed: frozenset[str], packages: tuple[str, ...] = ROOTS) -> list[str]:
    """The fewest modules that hold everything of ours but the allowed rooms."""
    out: list[str] = []
    for package in packages:
        if package in allowed:
            continue
        inside = any(room.startswith(f"{package}.") for room in allowed)
        out += all_but(allowed, tuple(modules_in(package))) if inside else [package]
    return out


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("ortools lives in the engines that optimise", {"scolaire.engine", "opendata.engine", "mobigo.tad.engine"}),
        ("pyvrp lives in the engine of school circuits", {"scolaire.engine"}),
        ("gtfs_kit lives in one gateway", {"mobigo.network.gateway"}),
        ("stripe lives in the ticketing gateway", {"billettique.gateway"}),
    ],
)
def test_a_library_is_forbidden_wherever_it_does_not_live(name: str, allowed: set[str]) -> None:
    missing = sorted(set(all_but(frozenset(allowed))) - set(CONTRACTS[name]["source_modules"]))
    assert missing == []
    assert not allowed & set(CONTRACTS[name]["source_modules"])


def test_every_pure_room_is_kept_pure() -> None:
    pure = {
        f"{package}.{room}"
        for package in WITH_ROOMS
        for room in PURE_ROOMS
        if f"{package}.{room}" in modules_in(package)
    }
    named = CONTRACTS["The pure rooms know neither web, database, queue nor network"]["source_modules"]
    assert sorted(pure | {"mobigo.base"}) == sorted(named)


def test_every_package_is_in_the_directions_and_no_contract_has_an_exception() -> None:
    layers = CONTRACTS["Packages point one way, siblings never meet"]["layers"]
    named = {package.strip() for layer in layers for package in layer.split("|")}
    assert named == {*modules_in("mobigo"), *ROOTS[1:]}
    assert set(CONTRACTS["Rooms of a package point one way"]["containers"]) == set(WITH_ROOMS)
    assert [name for name, contract in CONTRACTS.items() if contract.get("ignore_imports")] == []
