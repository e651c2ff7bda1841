"""Lists read by pages, one convention for the API and the pages: `limit` and `cursor` in, `items` and `next` out.

A cursor says after which item the next page begins, in the order of the list: it stays right when items are added or
removed in between, which a page number does not. It is opaque to the reader, and holds nothing secret.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from flask import Response, jsonify, request, url_for

from mobigo.base.errors import InvalidInput

Item = TypeVar("Item")
USUAL: Final = 50
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What page is wanted: at most `limit` items, those after the one whose key is `after` (None: from the first)."""

    limit: int
    after: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page: its items, and the cursor of the next one when there is one."""

    items: Sequence[Item]
    next: str | None


def asked(arguments: Mapping[str, str] | None = None, *, usual: int = USUAL, most: int = MOST) -> Asked:
    """The page asked for in the query. Raises InvalidInput("paging.bad_limit" | "paging.bad_cursor")."""
    given = request.args if arguments is None else arguments
    text = given.get("limit", "") or str(usual)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most and len(text) < 10):
        raise InvalidInput("paging.bad_limit", most=most)
    cursor = given.get("cursor")
    return Asked(int(text), read_cursor(cursor) if cursor else None)


def cursor_of(key: Sequence[str]) -> str:
    """The cursor that begins after the item of this key. Raises ValueError for a key that holds a NUL."""
    if any("\0" in part for part in key):
        raise ValueError("a key holds no NUL")
    return base64.urlsafe_b64encode("\0".join(key).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[str, ...]:
    """The key inside a cursor. Raises InvalidInput("paging.bad_cursor")."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        key = tuple(raw.decode().split("\0"))
    except ValueError:  # not of its letters, not whole, not UTF-8
        raise InvalidInput("paging.bad_cursor") from None
    if len(text) > 1_000 or cursor_of(key) != text:
        raise InvalidInput("paging.bad_cursor")
    return key


def page(found: Sequence[Item], wanted: Asked, key: Callable[[Item], Sequence[str]]) -> Page[Item]:
    """The page out of `found`: the items after `wanted.after` in their order, one more than the limit if there are."""
    items = found[: wanted.limit]
    return Page(items, cursor_of(key(items[-1])) if len(found) > wanted.limit else None)


def answer(answered: Page[Any], **members: Any) -> Response:
    """The page as JSON: `items`, `next` (an address) and the members given; the address is in `Link` too."""
    following = None
    if answered.next is not None:
        kept = {name: values for name, values in request.args.lists() if name != "cursor"}
        arguments = {**kept, **(request.view_args or {}), "cursor": answered.next}
        following = url_for(str(request.endpoint), **arguments)
    response = jsonify(items=list(answered.items), next=following, **members)
    if following is not None:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
