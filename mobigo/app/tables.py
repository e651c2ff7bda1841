"""Every table of the product, by importing every module that declares some: what migrations, backups, the privacy
register and the tests look at. A package that gains a `store` adds its line."""
# ruff: noqa: F401 - imported for the tables they declare

import billettique.service.buyers
import billettique.service.personal
import billettique.store.balance
import billettique.store.cash
import billettique.store.clearing
import billettique.store.give_backs
import billettique.store.inspections
import billettique.store.invoices
import billettique.store.keys
import billettique.store.means
import billettique.store.notices
import billettique.store.orders
import billettique.store.partners
import billettique.store.payments
import billettique.store.promotions
import billettique.store.rounds
import billettique.store.subscriptions
import billettique.store.tariffs
import billettique.store.tickets
import billettique.store.usage
import billettique.store.validations
import covoit.service.personal
import covoit.store.awards
import covoit.store.bookings
import covoit.store.calls
import covoit.store.claims
import covoit.store.files
import covoit.store.fraud
import covoit.store.ibans
import covoit.store.journeys
import covoit.store.lines
import covoit.store.offers
import covoit.store.payments
import covoit.store.people
import covoit.store.proofs
import covoit.store.registry
import covoit.store.riders
import covoit.store.subjects
import covoit.store.telephones
import mobigo.infra.account_data
import mobigo.infra.audit
import mobigo.infra.blobs
import mobigo.infra.idempotency
import mobigo.infra.jobs.tables
import mobigo.infra.outbox
import mobigo.ledger.store
import mobigo.network.store.feeds
import mobigo.network.store.networks
import mobigo.network.store.places
import mobigo.network.store.sources
import mobigo.network.store.streets
import mobigo.tad.service.personal
import mobigo.tad.store.bookings
import mobigo.tad.store.services
import opendata.service.following
import opendata.store.followers
import opendata.store.measures
import opendata.store.releases
import opendata.store.tables
import scolaire.service.personal
import scolaire.store.contracts
import scolaire.store.lines
import scolaire.store.notices
import scolaire.store.plans
import scolaire.store.pupils
import scolaire.store.registrations
import scolaire.store.schools
import scolaire.store.stops
from mobigo.infra.db import Base

metadata = Base.metadata
