"""The whole billing ledger of one process, under the names that activities and operations use: ``books.billing``."""

from dataclasses import dataclass
from typing import Self

from ledger.billing.billables import Billables
from ledger.billing.charges import Charges
from ledger.billing.claims import Claims
from ledger.billing.closing import Closing
from ledger.billing.closing_journals import ClosingJournals
from ledger.billing.credit_proposals import CreditProposals
from ledger.billing.credits import Credits
from ledger.billing.disputes import Disputes
from ledger.billing.documents import Documents
from ledger.billing.entries import Entries
from ledger.billing.exchange_rates import ExchangeRates
from ledger.billing.follow_ups import FollowUps
from ledger.billing.journals import Journals
from ledger.billing.late_work import LateWork
from ledger.billing.meters import Meters
from ledger.billing.payments import Receivables
from ledger.billing.pending import Pending
from ledger.billing.pressure import Pressures
from ledger.billing.rate_cards import RateCards
from ledger.billing.repricing import Repricing
from ledger.billing.revenue import Revenue
from ledger.billing.sub_ledgers import SubLedgers
from ledger.billing.traces import Traces
from ledger.database import Database


@dataclass(frozen=True)
class BillingLedger:
    """All parts share the pool of the books."""

    entries: Entries
    billables: Billables
    claims: Claims
    charges: Charges
    pressure: Pressures
    documents: Documents
    credits: Credits
    credit_proposals: CreditProposals
    sub_ledgers: SubLedgers
    rate_cards: RateCards
    repricing: Repricing
    exchange_rates: ExchangeRates
    receivables: Receivables
    disputes: Disputes
    follow_ups: FollowUps
    journals: Journals
    traces: Traces
    pending: Pending
    revenue: Revenue
    closing: Closing
    closing_journals: ClosingJournals
    late_work: LateWork
    meters: Meters

    @classmethod
    def over(cls, database: Database) -> Self:
        """Every part over this database."""
        return cls(
            entries=Entries(database),
            billables=Billables(database),
            claims=Claims(database),
            charges=Charges(database),
            pressure=Pressures(database),
            documents=Documents(database),
            credits=Credits(database),
            credit_proposals=CreditProposals(database),
            sub_ledgers=SubLedgers(database),
            rate_cards=RateCards(database),
            repricing=Repricing(database),
            exchange_rates=ExchangeRates(database),
            receivables=Receivables(database),
            disputes=Disputes(database),
            follow_ups=FollowUps(database),
            journals=Journals(database),
            traces=Traces(database),
            pending=Pending(database),
            revenue=Revenue(database),
            closing=Closing(database),
            closing_journals=ClosingJournals(database),
            late_work=LateWork(database),
            meters=Meters(database),
        )
