"""What people ask, and where it stands: frozen values."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mobigo.base.decisions import Decision


class Kind(StrEnum):
    """What a request is about. Its deadline and the service that answers follow from it."""

    DELAY = "delay"  # a delay, a cancelled departure, a missed change
    OVERCHARGE = "overcharge"  # paid too much, not paid back
    TICKETING = "ticketing"  # a ticket, a card, a subscription
    LOST = "lost"  # an object left on board or at a stop
    ACCESSIBILITY = "accessibility"
    CARPOOL = "carpool"
    SCHOOL = "school"
    ON_DEMAND = "on_demand"
    SUGGESTION = "suggestion"
    DATA = "data"  # rights over personal data (GDPR, articles 15 to 21)
    OTHER = "other"


class Service(StrEnum):
    """Who answers."""

    TRAVEL = "travel"
    TICKETS = "tickets"
    CARPOOL = "carpool"
    SCHOOL = "school"
    ON_DEMAND = "on_demand"
    DATA = "data"


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    TAKEN = "taken"  # an agent works on it
    ASKED = "asked"  # we wait for an answer of the person
    ANSWERED = "answered"
    CLOSED = "closed"


OPEN = frozenset({State.RECEIVED, State.TAKEN, State.ASKED})  # an answer is due


class Side(StrEnum):
    """Who acts."""

    PERSON = "person"
    AGENT = "agent"
    SYSTEM = "system"


class Act(StrEnum):
    """What happens to a request; each is kept in its file."""

    SAY = "say"  # the person writes
    TAKE = "take"
    ASK = "ask"
    ANSWER = "answer"
    HAND = "hand"  # to another service
    CLOSE = "close"
    REOPEN = "reopen"


class Ending(StrEnum):
    """Why a request was closed."""

    DONE = "done"  # the person is content with the answer
    SILENT = "silent"  # nobody came back to the answer
    NO_REPLY = "no_reply"  # our question was not answered
    DUPLICATE = "duplicate"
    NOT_OURS = "not_ours"  # another authority answers
    WITHDRAWN = "withdrawn"


BY_AGENT = (Ending.DUPLICATE, Ending.NOT_OURS, Ending.WITHDRAWN, Ending.NO_REPLY)


class Channel(StrEnum):
    """How the request came."""

    WEB = "web"
    PHONE = "phone"
    LETTER = "letter"
    COUNTER = "counter"


class Way(StrEnum):
    """How the answer goes, beside the page of the request."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    NONE = "none"


class Content(StrEnum):
    """The answer to the one question asked at the end: are you content?"""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who asks and how they are reached; each may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    postal: str = ""
    way: Way = Way.NONE


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is made. `facts` is what the page one comes from knows of the journey, order or booking."""

    kind: Kind
    words: str
    contact: Contact
    facts: tuple[Decision, ...] = ()
    origin: str = ""  # "": made from nowhere in particular


@dataclass(frozen=True, slots=True)
class Promise:
    """Until when an answer comes: the day we promise, and the day the law sets, if it sets one."""

    promised_on: date
    legal_on: date | None
    source: str
    to_confirm: bool  # the authority has not yet confirmed it


@dataclass(frozen=True, slots=True)
class Claim:
    """Something asked that another package keeps, in words: shown beside the requests, answered over there.

    `who` is blurred where the reader need not know. `answer_by` None: no day is set, or it is answered.
    """

    number: str
    about: str
    state: str
    tone: str  # of the badge: "", "warn", "good"
    received_at: datetime
    answer_by: date | None
    href: str
    who: str = ""
