"""The firm of a test: a fresh database for each module, systems of its own for each test."""

import pytest

from ledger.database import Database
from tests.activities.firm import Firm, quick_books
from tests.ledger.conftest import database, database_name, server

__all__ = ["database", "database_name", "server"]


@pytest.fixture
def firm(database: Database) -> Firm:
    return Firm(quick_books(database))
