"""How often open data may be asked for: far above what the law lets free, whatever the rate of the other pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast

from mobigo.infra.ratelimit import address, attempts, own_rate

# Code des transports, R. 1115-3: under 60 requests an hour or 1,500 a day nothing may be asked of a reuser. Ours is
# far above both, by address.
RATE: Final = "3000 per hour"
View = TypeVar("View", bound=Callable[..., Any])


def freely(view: View) -> View:
    """Marks a view of open data: counted by address at this rate, and at no other."""

    @wraps(view)
    def counted(*arguments: Any, **named: Any) -> Any:
        attempts().count("opendata", RATE, address())
        return view(*arguments, **named)

    return cast(View, own_rate(counted))
