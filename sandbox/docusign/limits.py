"""DocuSign's limits: calls an hour and in 30 seconds for an account, and GETs an hour for an envelope; by the top of the hour."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sandbox.docusign.refusals import Refusal

_BURST = timedelta(seconds=30)


class Meter:
    """Counts the calls of all accounts; forgotten on restart, as it is on the hour."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[str, str]] = Counter()

    def count(self, account_id: str, account: dict[str, Any], now: datetime) -> dict[str, str]:
        """Count one call and give the headers that tell how many are left; refuses one too many."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        burst = datetime.fromtimestamp(now.timestamp() // _BURST.total_seconds() * _BURST.total_seconds(), now.tzinfo)
        used = self._another(account_id, f"hour {hour.isoformat()}")
        used_in_burst = self._another(account_id, f"burst {burst.isoformat()}")
        most, most_in_burst = int(account.get("rate_limit", 3000)), int(account.get("burst_limit", 500))
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(most - used, 0)),
            "X-RateLimit-Reset": str(int((hour + timedelta(hours=1)).timestamp())),
            "X-BurstLimit-Limit": str(most_in_burst),
            "X-BurstLimit-Remaining": str(max(most_in_burst - used_in_burst, 0)),
        }
        status = int(account.get("limit_status", 400))
        if used > most:
            raise Exceeded(
                "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
                f"hourly API invocations has been exceeded. The hourly limit is {most}.",
                status,
                headers,
            )
        if used_in_burst > most_in_burst:
            raise Exceeded(
                "BURST_APIINVOCATION_LIMIT_EXCEEDED",
                f"burst API invocations has been exceeded. The burst limit is {most_in_burst}.",
                status,
                headers,
            )
        return headers

    def poll(self, envelope_id: str, account: dict[str, Any], now: datetime, headers: dict[str, str]) -> None:
        """Count one GET about an envelope."""
        most = account.get("envelope_polling_limit")
        used = self._another(envelope_id, f"poll {now.isoformat()[:13]}")
        if most is not None and used > int(most):
            raise Exceeded(
                "Hourly_Envelope_Polling_Limit_Exceeded",
                "hourly polling of this envelope has been exceeded.",
                int(account.get("limit_status", 400)),
                headers,
            )

    def _another(self, whose: str, window: str) -> int:
        self._calls[whose, window] += 1
        return self._calls[whose, window]


class Exceeded(Refusal):
    """A limit is used up; the headers tell when it is free again."""

    def __init__(self, code: str, what: str, status: int, headers: dict[str, str]) -> None:
        super().__init__(code, f"The maximum number of {what}", status)
        self.headers = headers
