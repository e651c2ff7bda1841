"""Who may do what, as data: permissions, roles, the permissions of each role, and what one person may not combine.

Pure values. Rows are in `mobigo.infra.grants`, the marks on the views and their enforcement in `mobigo.infra.auth`.
A role gives its permissions everywhere, or inside one organisation when its grant names one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """One thing that can be allowed. Views ask for permissions, never for roles."""

    ACCOUNT_OWN = "account.own"  # my account, my sessions, my data
    API_KEYS_OWN = "api_keys.own"  # make and revoke my API keys
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_WRITE = "accounts.write"  # create, close, reopen; organisations
    GRANTS_WRITE = "grants.write"  # give and take roles
    AUDIT_READ = "audit.read"
    FEEDS_READ = "feeds.read"
    FEEDS_WRITE = "feeds.write"  # import, activate, declare sources
    NETWORK_WRITE = "network.write"  # compile and swap the network everybody searches
    NETWORK_STUDY = "network.study"  # draw scenarios, compare them, work out matrices of travel times
    JOBS_READ = "jobs.read"
    JOBS_WRITE = "jobs.write"  # cancel, retry
    REGION_WRITE = "region.write"  # bring what a region stands on: communes, streets, timetables, schools
    SYSTEM_READ = "system.read"  # metrics, state of the installation
    MESSAGES_READ = "messages.read"  # the outbox, where messages are written to files
    API_PARTNER = "api.partner"  # the higher rate of requests
    COVOIT_API = "covoit.api"  # an operator's journeys, by key
    COVOIT_DESK = "covoit.desk"  # paper claims, complaints, payment requests at the counter
    COVOIT_PREPARE = "covoit.prepare"  # prepare a payment batch; individual decisions
    COVOIT_CHECK = "covoit.check"  # check a batch that somebody else prepared
    COVOIT_ORDER = "covoit.order"  # order its payment
    COVOIT_ACCOUNT = "covoit.account"  # accept or reject it as the public accountant, enter returns
    COVOIT_INBOX = "covoit.inbox"  # the agents' desk of carpool: what waits for me
    COVOIT_PAPERS = "covoit.papers"  # payment requests, batches and their papers, with names
    COVOIT_READ = "covoit.read"  # figures of carpool, without names
    FARES_EDIT = "fares.edit"  # draft a tariff version, an offer of promotion
    FARES_APPROVE = "fares.approve"  # put in force a version that somebody else drafted
    SALES_COUNTER = "sales.counter"  # find, sell, exchange, refund at the counter or by telephone; own cash session
    SALES_REGIE = "sales.regie"  # till ceilings, payments to the comptable, accounting papers of a régie
    SALES_ACCOUNT = "sales.account"  # receive what a régie pays over, as the public accountant; fill its advance up
    SALES_READ = "sales.read"  # figures of sales and use, without names
    SALES_PARTNER = "sales.partner"  # sell by API, within a quota
    SCHOOL_REGISTER = "school.register"  # enter a family's form, documents, duplicates, for somebody else
    SCHOOL_DECIDE = "school.decide"  # decide rights to school transport, answer appeals
    SCHOOL_PUPILS = "school.pupils"  # pupils by name: one's own communes', schools' or services'
    SCHOOL_ADDRESSES = "school.addresses"  # where a pupil lives
    SCHOOL_REFERENCE = "school.reference"  # schools, bells, sectors, stops, calendar; their imports
    SCHOOL_STOPS = "school.stops"  # ask for a stop in one's own commune
    SCHOOL_PLAN = "school.plan"  # draw circuits, compute plans; no name, no address
    SCHOOL_APPROVE = "school.approve"  # approve and publish a plan that somebody else drew
    OPENDATA_PUBLISH = "opendata.publish"  # see drafts, publish, roll back, withdraw, let a finding stand
    OPENDATA_APPROVE = "opendata.approve"  # approve what somebody else will publish
    DISRUPTIONS_WRITE = "disruptions.write"  # tell travellers what disturbs the network
    TAD_DESK = "tad.desk"  # on-demand transport: book for somebody who calls, dispatch the vehicles of a day
    COACH_DRIVE = "coach.drive"  # the run of a coach of one's own company: where it is, how late
    TAD_DRIVE = "tad.drive"  # the round of a vehicle: names, telephones, who got in
    TAD_PARTNER = "tad.partner"  # book on-demand transport by API: one's own bookings, and no other
    TAD_EDIT = "tad.edit"  # a new version of an on-demand service
    REQUESTS_DESK = (
        "requests.desk"  # what people ask: read and answer what one's own service is asked, enter for callers
    )
    REQUESTS_TRAVEL = "requests.travel"  # answer what is asked about lines and journeys
    REQUESTS_DATA = "requests.data"  # answer what is asked about personal data
    TICKETS_INSPECT = "tickets.inspect"  # check tickets, draw up a constat
    TICKETS_VALIDATE = "tickets.validate"  # an on-board validator's records and checks, by key
    TICKETS_CASES = "tickets.cases"  # what follows a constat: payments, contests, regularisations
    TICKETS_KEYS = "tickets.keys"  # rotate and revoke sellers' keys, revoke tickets


class Role(StrEnum):
    """What a person is for us. Official French stays French."""

    TRAVELLER = "traveller"
    DRIVER = "driver"
    FAMILY = "family"
    COUNTER_AGENT = "counter_agent"
    INSPECTOR = "inspector"
    SCHOOL_MANAGER = "school_manager"
    SCHOOL_PLANNER = "school_planner"
    NETWORK_PLANNER = "network_planner"
    CARPOOL_MANAGER = "carpool_manager"
    FINANCE_AGENT = "finance_agent"
    ORDONNATEUR = "ordonnateur"
    COMPTABLE_PUBLIC = "comptable_public"
    REGISSEUR = "regisseur"
    MANDATAIRE = "mandataire"
    OPERATOR = "operator"
    AO2 = "ao2"  # a mairie, or another organising authority of second rank
    SCHOOL = "school"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"
    API_PARTNER = "api_partner"


# What every signed-in person may do, with or without a role.
EVERYONE: Final = frozenset({Permission.ACCOUNT_OWN})

# What each of the four who pay carpool drivers reads.
_PAYING: Final = frozenset({Permission.COVOIT_INBOX, Permission.COVOIT_PAPERS, Permission.COVOIT_READ})

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.TRAVELLER: frozenset(),
    Role.DRIVER: frozenset(),
    Role.FAMILY: frozenset(),
    Role.COUNTER_AGENT: frozenset(
        {
            Permission.COACH_DRIVE,
            Permission.COVOIT_DESK,
            Permission.COVOIT_INBOX,
            Permission.DISRUPTIONS_WRITE,
            Permission.REQUESTS_DESK,
            Permission.REQUESTS_TRAVEL,
            Permission.SALES_COUNTER,
            Permission.SCHOOL_REGISTER,
            Permission.TAD_DESK,
            Permission.TAD_DRIVE,
            Permission.TICKETS_CASES,
        }
    ),
    Role.INSPECTOR: frozenset({Permission.TICKETS_INSPECT}),
    Role.SCHOOL_MANAGER: frozenset(
        {
            Permission.REQUESTS_DESK,
            Permission.SCHOOL_REGISTER,
            Permission.SCHOOL_DECIDE,
            Permission.SCHOOL_PUPILS,
            Permission.SCHOOL_ADDRESSES,
            Permission.SCHOOL_REFERENCE,
            Permission.SCHOOL_PLAN,
            Permission.SCHOOL_APPROVE,
        }
    ),
    # Who draws circuits needs totals at stops, and nobody's name or address.
    Role.SCHOOL_PLANNER: frozenset({Permission.SCHOOL_PLAN}),
    # Who studies what lines should run needs timetables, and nobody's name.
    Role.NETWORK_PLANNER: frozenset({Permission.NETWORK_STUDY}),
    # Four people stand between a driver's claim and the bank: who prepares, who checks, who orders, who pays.
    Role.CARPOOL_MANAGER: _PAYING | {Permission.COVOIT_DESK, Permission.COVOIT_PREPARE, Permission.REQUESTS_DESK},
    Role.FINANCE_AGENT: _PAYING | {Permission.COVOIT_CHECK, Permission.SALES_READ, Permission.FARES_EDIT},
    Role.ORDONNATEUR: _PAYING | {Permission.COVOIT_ORDER, Permission.SALES_READ, Permission.FARES_APPROVE},
    Role.COMPTABLE_PUBLIC: _PAYING | {Permission.COVOIT_ACCOUNT, Permission.SALES_ACCOUNT, Permission.SALES_READ},
    Role.REGISSEUR: frozenset(
        {Permission.REQUESTS_DESK, Permission.SALES_COUNTER, Permission.SALES_REGIE, Permission.SALES_READ}
    ),
    Role.MANDATAIRE: frozenset({Permission.REQUESTS_DESK, Permission.REQUESTS_TRAVEL, Permission.SALES_COUNTER}),
    Role.OPERATOR: frozenset(
        {
            Permission.FEEDS_READ,
            Permission.FEEDS_WRITE,
            Permission.API_KEYS_OWN,
            Permission.COACH_DRIVE,
            Permission.COVOIT_API,
            Permission.SCHOOL_PUPILS,
            Permission.TAD_DESK,
            Permission.TAD_DRIVE,
            Permission.TICKETS_VALIDATE,
        }
    ),
    Role.AO2: frozenset(
        {
            Permission.FEEDS_READ,
            Permission.FEEDS_WRITE,
            Permission.API_KEYS_OWN,
            Permission.SCHOOL_PUPILS,
            Permission.SCHOOL_STOPS,
        }
    ),
    Role.SCHOOL: frozenset({Permission.SCHOOL_PUPILS}),
    Role.PUBLISHER: frozenset(
        {
            Permission.DISRUPTIONS_WRITE,
            Permission.FEEDS_READ,
            Permission.FEEDS_WRITE,
            Permission.API_KEYS_OWN,
            Permission.COVOIT_READ,
            Permission.OPENDATA_PUBLISH,
            Permission.OPENDATA_APPROVE,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.API_KEYS_OWN,
            Permission.ACCOUNTS_READ,
            Permission.ACCOUNTS_WRITE,
            Permission.GRANTS_WRITE,
            Permission.AUDIT_READ,
            Permission.DISRUPTIONS_WRITE,
            Permission.FEEDS_READ,
            Permission.FEEDS_WRITE,
            Permission.NETWORK_WRITE,
            Permission.NETWORK_STUDY,
            Permission.JOBS_READ,
            Permission.JOBS_WRITE,
            Permission.REGION_WRITE,
            Permission.SYSTEM_READ,
            Permission.MESSAGES_READ,
            Permission.COVOIT_READ,
            Permission.OPENDATA_APPROVE,
            Permission.REQUESTS_DATA,
            Permission.REQUESTS_DESK,
            Permission.SALES_READ,
            Permission.TAD_EDIT,
            Permission.TICKETS_KEYS,
        }
    ),
    Role.API_PARTNER: frozenset(
        {Permission.API_KEYS_OWN, Permission.API_PARTNER, Permission.SALES_PARTNER, Permission.TAD_PARTNER}
    ),
}

# Roles that mean nothing without saying whose: they act on their own organisation, and only that.
NEEDS_ORGANISATION: Final = frozenset({Role.OPERATOR, Role.AO2, Role.SCHOOL})

# Never on one person: "Les fonctions d'ordonnateur et de comptable public sont incompatibles"
# (décret n° 2012-1246 du 7 novembre 2012, article 9), whatever the organisation.
INCOMPATIBLE: Final = (frozenset({Role.ORDONNATEUR, Role.COMPTABLE_PUBLIC}),)

# What a stolen API key must never give: the account it belongs to, other accounts, more keys, or public money.
NEVER_BY_KEY: Final = frozenset(
    {
        Permission.ACCOUNT_OWN,
        Permission.API_KEYS_OWN,
        Permission.ACCOUNTS_READ,
        Permission.ACCOUNTS_WRITE,
        Permission.GRANTS_WRITE,
        Permission.AUDIT_READ,
        Permission.MESSAGES_READ,
        # Public money moves by a person in a session, whose name the paper carries.
        Permission.COVOIT_DESK,
        Permission.COVOIT_INBOX,
        Permission.COVOIT_PAPERS,
        Permission.COVOIT_PREPARE,
        Permission.COVOIT_CHECK,
        Permission.COVOIT_ORDER,
        Permission.COVOIT_ACCOUNT,
        Permission.FARES_EDIT,
        Permission.FARES_APPROVE,
        Permission.SALES_COUNTER,
        Permission.SALES_REGIE,
        Permission.SALES_ACCOUNT,
        # Children's files are read and decided by a person in a session.
        Permission.SCHOOL_REGISTER,
        Permission.SCHOOL_DECIDE,
        Permission.SCHOOL_PUPILS,
        Permission.SCHOOL_ADDRESSES,
        Permission.SCHOOL_APPROVE,
        # What people write to us is read by a person in a session.
        Permission.REQUESTS_DESK,
        Permission.REQUESTS_TRAVEL,
        Permission.REQUESTS_DATA,
        # Names and telephones of those who travel are seen by a person in a session.
        Permission.TAD_DESK,
        Permission.TAD_DRIVE,
        Permission.COACH_DRIVE,
        Permission.TAD_EDIT,
        Permission.TICKETS_CASES,
        Permission.TICKETS_KEYS,
        # What is public cannot be taken back: a person in a session answers for it.
        Permission.OPENDATA_PUBLISH,
        Permission.OPENDATA_APPROVE,
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role given to a person: everywhere, or inside one organisation."""

    role: Role
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking: a person in a session, or one of their API keys."""

    subject: str
    grants: tuple[Grant, ...] = ()
    session_id: str | None = None
    # Of an API key: what it is limited to. None for a session.
    scopes: frozenset[Permission] | None = None
    key_organisation: str | None = None

    @property
    def by_key(self) -> bool:
        """Whether an API key is asking, and not a person in a session."""
        return self.scopes is not None

    def permissions(self) -> frozenset[Permission]:
        """All that is allowed somewhere: everywhere or inside at least one organisation."""
        return frozenset(permission for permission in Permission if self.may(permission))

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed somewhere. What exactly is then a matter of `organisations`."""
        where = self.organisations(permission)
        return where is None or bool(where)

    def may_in(self, permission: Permission, organisation: str | None) -> bool:
        """Whether this is allowed on a thing of this organisation (None: a thing that belongs to nobody)."""
        where = self.organisations(permission)
        return where is None or organisation in where

    def organisations(self, permission: Permission) -> frozenset[str] | None:
        """The organisations inside which this is allowed; None means everywhere, the empty set nowhere."""
        if self.scopes is not None and permission not in self.scopes - NEVER_BY_KEY:
            return frozenset()
        if permission in EVERYONE:
            return None
        giving = [grant for grant in self.grants if permission in PERMISSIONS[grant.role]]
        everywhere = any(grant.organisation is None for grant in giving)
        named = frozenset(grant.organisation for grant in giving if grant.organisation is not None)
        if self.key_organisation is None:
            return None if everywhere else named
        return frozenset({self.key_organisation}) if everywhere or self.key_organisation in named else frozenset()


def clash(roles: Iterable[Role]) -> frozenset[Role] | None:
    """The first set of roles that one person may not hold together, or None."""
    held = frozenset(roles)
    return next((pair for pair in INCOMPATIBLE if pair <= held), None)


def scopes_offered(identity: Identity) -> tuple[Permission, ...]:
    """What this person may put into an API key: what they are allowed themselves, less what no key may carry."""
    return tuple(sorted(identity.permissions() - NEVER_BY_KEY))
