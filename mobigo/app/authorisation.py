"""The authorisation matrix: every route of the application, and who may enter it, read from the marks on the views.

    python -m mobigo.app.authorisation > docs/authorisation.md

A test compares the page with the application, and walks every route as every role.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from flask import Flask

from mobigo.infra.auth import Access, routes
from mobigo.infra.roles import (
    EVERYONE,
    NEEDS_ORGANISATION,
    NEVER_BY_KEY,
    PERMISSIONS,
    Grant,
    Identity,
    Permission,
    Role,
)

ANYBODY: Final = None
AN_ORGANISATION: Final = "00000000000000000000000000"
PUBLIC, ALLOWED, REFUSED, UNMARKED = "public", "yes", "no", "UNMARKED"


def identity_of(role: Role | None, subject: str = "") -> Identity | None:
    """Somebody who holds this role as it is usually given; None is a visitor who is not signed in."""
    if role is ANYBODY:
        return None
    where = AN_ORGANISATION if role in NEEDS_ORGANISATION else None
    return Identity(subject, (Grant(role, where),))


def verdict(access: Access | None, role: Role | None) -> str:
    """What happens to this role at this door."""
    if access is None:
        return UNMARKED
    if access.public:
        return PUBLIC
    return ALLOWED if access.allows(identity_of(role)) else REFUSED


def matrix(app: Flask) -> list[tuple[str, str, Access | None]]:
    """Every (route, method, mark), one line for endpoints that share them."""
    seen: dict[tuple[str, str], Access | None] = {}
    for rule, method, _endpoint, access in routes(app):
        seen[rule, method] = access
    return [(rule, method, access) for (rule, method), access in sorted(seen.items())]


def page(app: Flask) -> str:
    """The matrix and the permissions of each role, as the page `docs/authorisation.md`."""
    lines = [
        "# Who may enter what",
        "",
        "Written from the marks on the views by `python -m mobigo.app.authorisation`; do not edit.",
        "",
        "## Roles and their permissions",
        "",
        f"Everybody signed in holds {_listed(EVERYONE)}. A role is given everywhere, or inside one organisation;",
        f"{_listed(NEEDS_ORGANISATION)} always inside one. `ordonnateur` and `comptable_public` are never given to one",
        "person (décret n° 2012-1246 du 7 novembre 2012, article 9).",
        "",
        "| role | permissions |",
        "|---|---|",
        *(f"| `{role}` | {_listed(PERMISSIONS[role]) or '—'} |" for role in Role),
        "",
        f"An API key gives those of its scopes that its person holds, and never: {_listed(NEVER_BY_KEY)}.",
        "",
        "## Routes without a mark of their own",
        "",
        "None: a view that does not say who may enter is refused to everybody, and fails the tests.",
        "",
        "## Public routes",
        "",
        "| route | method |",
        "|---|---|",
    ]
    rows = matrix(app)
    lines += [f"| `{rule}` | {method} |" for rule, method, access in rows if access is not None and access.public]
    guarded = [row for row in rows if row[2] is None or not row[2].public]
    lines += [
        "",
        "## Guarded routes",
        "",
        "`●` may enter, `·` may not; a visitor who is not signed in enters none of these. *Everywhere*: the permission",
        "must be held everywhere, not inside one organisation only.",
        "",
        f"| route | method | needs | {' | '.join(_short(role) for role in Role)} |",
        f"|---|---|---|{'---|' * len(Role)}",
    ]
    lines += [f"| `{rule}` | {method} | {_needs(access)} | {_cells(access)} |" for rule, method, access in guarded]
    lines += ["", "| | |", "|---|---|", *(f"| {_short(role)} | `{role}` |" for role in Role)]
    return "\n".join(lines) + "\n"


def _cells(access: Access | None) -> str:
    return " | ".join("●" if verdict(access, role) == ALLOWED else "·" for role in Role)


def _needs(access: Access | None) -> str:
    if access is None:
        return UNMARKED
    return _listed(access.permissions) + (" *everywhere*" if access.everywhere else "")


def _listed(names: Iterable[Permission | Role] | Sequence[Permission]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _short(role: Role) -> str:
    words = role.split("_")
    return words[0][:3] if len(words) == 1 else "".join(word[:2] for word in words)


def main() -> None:
    """Prints the page of the whole application, made on a configuration that touches nothing of the machine's own."""
    import tempfile

    from mobigo.app import create_app
    from mobigo.infra.config import load_config

    with tempfile.TemporaryDirectory() as home:
        print(page(create_app(load_config({"MOBIGO_HOME": home}))), end="")


if __name__ == "__main__":
    main()
