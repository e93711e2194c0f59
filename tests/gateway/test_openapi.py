"""The published description: current in the repository, and true: the gateway is fuzzed from it."""

import json
import random
import warnings
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CheckContext

from docs.api_page import OPENAPI, PAGE, page, published
from tests.gateway.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")
