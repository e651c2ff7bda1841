"""A label of the search over several criteria: where one is, since when, how far one walked, and what is paid so far.

One row of an int32 array each. What is paid is the least and the most it can be, `NO_PRICE` where it is unknown:
`closed` for legs that nothing can change any more; `capped` for those that a cap bounds together; `open_` for the
leg whose price another of the same network, joined to it, would replace. The rest is the transfer in hand.
"""

import numba
import numpy as np

# fmt: off
(
    TIME, WALK, CLOSED, CLOSED_MOST, CAPPED, CAPPED_MOST, OPEN, OPEN_MOST, NETWORK, ZONE, METRES, GROUP, COUNT,
    RUN_DEPART, RUN_ARRIVE, LEG_DEPART, LEG_ARRIVE, PARENT, OCCURRENCE, BOARD, ALIGHT, NODE, PATTERN, RIDES, DEAD,
    LEFT, COLUMNS,
) = range(27)
# fmt: on
NO_PRICE = np.int32(2**29)
NONE = np.int32(-1)


@numba.njit(cache=True, nogil=True, inline="always")
def plus(a, b):  # type: ignore[no-untyped-def]  # kernel
    """The sum of two prices; unknown where one is."""
    if a >= NO_PRICE or b < 0 or b >= NO_PRICE:
        return NO_PRICE
    return np.int32(a + b)


@numba.njit(cache=True, nogil=True, inline="always")
def under(cents, cap):  # type: ignore[no-untyped-def]  # kernel
    """A sum under a cap (negative: none); unknown stays unknown: nobody says that the cap is reached."""
    return cents if cap < 0 or cents >= NO_PRICE else min(cents, cap)


@numba.njit(cache=True, nogil=True)
def price(row, capped, cap, most):  # type: ignore[no-untyped-def]  # kernel
    """What a label has paid: the least, or the most (`most` 1). `capped` [network]: whether the cap reaches it."""
    closed, within, opened = row[CLOSED + most], row[CAPPED + most], row[OPEN + most]
    if row[NETWORK] >= 0 and capped[row[NETWORK]]:
        within, opened = plus(within, opened), np.int32(0)
    return plus(plus(closed, under(within, cap)), opened)


@numba.njit(cache=True, nogil=True)
def least_at_end(row, cap, most):  # type: ignore[no-untyped-def]  # kernel
    """What no journey that goes on from a label can be cheaper than: a leg still open may yet be replaced."""
    return plus(row[CLOSED + most], under(row[CAPPED + most], cap))


@numba.njit(cache=True, nogil=True)
def closes(row, capped):  # type: ignore[no-untyped-def]  # kernel
    """Nothing more can be joined to the open leg: its price is paid."""
    network = row[NETWORK]
    if network < 0:
        return
    column = CAPPED if capped[network] else CLOSED
    row[column] = plus(row[column], row[OPEN])
    row[column + 1] = plus(row[column + 1], row[OPEN_MOST])
    row[OPEN], row[OPEN_MOST] = 0, 0
    row[NETWORK], row[ZONE], row[METRES] = NONE, NONE, 0
    if row[CLOSED_MOST] >= NO_PRICE or row[CAPPED_MOST] >= NO_PRICE:
        forgets(row)


@numba.njit(cache=True, nogil=True)
def forgets(row):  # type: ignore[no-untyped-def]  # kernel
    """A price unknown for good: no state of fares matters any more."""
    row[CLOSED], row[CLOSED_MOST] = NO_PRICE, NO_PRICE
    row[CAPPED], row[CAPPED_MOST], row[OPEN], row[OPEN_MOST] = 0, 0, 0, 0
    row[NETWORK], row[ZONE], row[METRES], row[GROUP], row[COUNT] = NONE, NONE, 0, NONE, 0
    row[RUN_DEPART], row[RUN_ARRIVE], row[LEG_DEPART], row[LEG_ARRIVE] = 0, 0, 0, 0


@numba.njit(cache=True, nogil=True)
def pays_no_more(a, b, capped, cap, lenient_s):  # type: ignore[no-untyped-def]  # kernel
    """Whether who holds label a pays no more than who holds b, now and wherever both go from here.

    Equal states of fares are compared, or states of which a's can only do more: under a cap, both ends of what may
    still be paid (nothing, or beyond the cap); in a transfer, one that began later (but for `lenient_s`) and was used
    less.
    """
    if b[CLOSED_MOST] >= NO_PRICE:
        return True
    if a[CLOSED_MOST] >= NO_PRICE:
        return False
    if a[NETWORK] != b[NETWORK] or a[ZONE] != b[ZONE] or a[METRES] > b[METRES]:
        return False
    if b[GROUP] >= 0:
        if a[GROUP] != b[GROUP] or a[COUNT] > b[COUNT]:
            return False
        if a[RUN_DEPART] < b[RUN_DEPART] - lenient_s or a[RUN_ARRIVE] < b[RUN_ARRIVE] - lenient_s:
            return False
        if a[LEG_DEPART] < b[LEG_DEPART] - lenient_s or a[LEG_ARRIVE] < b[LEG_ARRIVE] - lenient_s:
            return False
    for most in range(2):
        if least_at_end(a, cap, most) > least_at_end(b, cap, most) or a[CLOSED + most] > b[CLOSED + most]:
            return False
        if price(a, capped, cap, most) > price(b, capped, cap, most):
            return False
    return True


@numba.njit(cache=True, nogil=True)
def is_beaten(pool, head, following, row, capped, cap, lenient_s):  # type: ignore[no-untyped-def]  # kernel
    """Whether a label of the bag is as good as `row` in everything."""
    at = head
    while at >= 0:
        other = pool[at]
        if other[TIME] <= row[TIME] and other[WALK] <= row[WALK] and pays_no_more(other, row, capped, cap, lenient_s):
            return True
        at = following[at]
    return False


@numba.njit(cache=True, nogil=True)
def enters(pool, heads, node, following, new, capped, cap, lenient_s):  # type: ignore[no-untyped-def]  # kernel
    """Put label `new` into the bag of a node; what it beats leaves (those with fewer rides stay in their own round)."""
    row, before, at = pool[new], NONE, heads[node]
    while at >= 0:
        after, other = following[at], pool[at]
        worse = other[RIDES] == row[RIDES] and row[TIME] <= other[TIME] and row[WALK] <= other[WALK]
        if worse and pays_no_more(row, other, capped, cap, lenient_s):
            other[DEAD] = 1
            if before >= 0:
                following[before] = after
            else:
                heads[node] = after
        else:
            before = at
        at = after
    following[new] = heads[node]
    heads[node] = new
