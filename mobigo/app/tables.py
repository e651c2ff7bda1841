"""Every table of the product, by importing every module that declares some: what migrations, backups, the privacy
register and the tests look at. A package that gains a `store` adds its line."""

import billettique.store.orders
import covoit.service.personal
import covoit.store.awards
import covoit.store.bookings
import covoit.store.claims
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
import covoit.store.telephones
import covoit.store.subjects  # noqa: F401 - imported for what it declares
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
import mobigo.network.store.sources  # noqa: F401 - imported for the tables it declares
from mobigo.infra.db import Base

metadata = Base.metadata
