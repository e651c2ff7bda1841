"""What may be done with a request where it stands, by whom; when one may come back to it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.infra.roles import Permission
from mobigo.requests.model import Act, Kind, Service, Side, State

P, A, SYSTEM = frozenset({Side.PERSON}), frozenset({Side.AGENT}), frozenset({Side.SYSTEM})
# State → act → who may. An answer is given once: whoever comes second is told. To say more, one reopens.
MAY: Final[Mapping[State, Mapping[Act, frozenset[Side]]]] = {
    State.RECEIVED: {Act.SAY: P, Act.TAKE: A, Act.ASK: A, Act.ANSWER: A, Act.HAND: A, Act.CLOSE: P | A},
    State.TAKEN: {Act.SAY: P, Act.TAKE: A, Act.ASK: A, Act.ANSWER: A, Act.HAND: A, Act.CLOSE: P | A},
    State.ASKED: {Act.SAY: P, Act.TAKE: A, Act.ASK: A, Act.ANSWER: A, Act.HAND: A, Act.CLOSE: P | A | SYSTEM},
    State.ANSWERED: {Act.REOPEN: P | A, Act.CLOSE: P | A | SYSTEM},
    State.CLOSED: {Act.REOPEN: P | A},
}
SERVICE_OF: Final[Mapping[Kind, Service]] = {
    Kind.DELAY: Service.TRAVEL,
    Kind.OVERCHARGE: Service.TICKETS,
    Kind.TICKETING: Service.TICKETS,
    Kind.LOST: Service.TRAVEL,
    Kind.ACCESSIBILITY: Service.TRAVEL,
    Kind.CARPOOL: Service.CARPOOL,
    Kind.SCHOOL: Service.SCHOOL,
    Kind.ON_DEMAND: Service.ON_DEMAND,
    Kind.SUGGESTION: Service.TRAVEL,
    Kind.DATA: Service.DATA,
    Kind.OTHER: Service.TRAVEL,
}
# Who reads and answers what is addressed to a service: those who already know its people.
NEEDS: Final[Mapping[Service, Permission]] = {
    Service.TRAVEL: Permission.REQUESTS_TRAVEL,
    Service.TICKETS: Permission.SALES_COUNTER,
    Service.CARPOOL: Permission.COVOIT_DESK,
    Service.SCHOOL: Permission.SCHOOL_REGISTER,
    Service.ON_DEMAND: Permission.TAD_DESK,
    Service.DATA: Permission.REQUESTS_DATA,
}
REOPENED_DAYS: Final = 60  # after the answer or the end
REOPENED_MOST: Final = 3
SILENT_DAYS: Final = 30  # an answer nobody came back to is the end
NO_REPLY_DAYS: Final = 60  # so is a question of ours


def refusal(state: State, act: Act, side: Side) -> Decision | None:
    """Why this may not be done now; None when it may."""
    if side in MAY[state].get(act, frozenset()):
        return None
    return Decision("requests.not_now", act=str(act), state=str(state))


def after(state: State, act: Act, *, taken: bool) -> State:
    """Where the request stands after an act that is allowed; `taken`: an agent works on it."""
    working = State.TAKEN if taken else State.RECEIVED
    return {
        Act.SAY: working,
        Act.TAKE: State.ASKED if state is State.ASKED else State.TAKEN,
        Act.ASK: State.ASKED,
        Act.ANSWER: State.ANSWERED,
        Act.HAND: State.RECEIVED,
        Act.CLOSE: State.CLOSED,
        Act.REOPEN: working,
    }[act]


def last_day_to_reopen(ended: date) -> date:
    """The last day on which one may come back to a request answered or closed that day."""
    return ended + timedelta(days=REOPENED_DAYS)


def refusal_to_reopen(ended: date, times: int, today: date) -> Decision | None:
    """Why one may not come back to it: too late, or too often; None when one may."""
    if today > last_day_to_reopen(ended):
        return Decision("requests.too_late_to_reopen", day=last_day_to_reopen(ended))
    if times >= REOPENED_MOST:
        return Decision("requests.reopened_often", most=REOPENED_MOST)
    return None
