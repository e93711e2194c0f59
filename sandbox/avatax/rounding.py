"""How a company rounds tax: at each line, or so that the document's total is right."""

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}


class Rounding:
    """The tax of one document, jurisdiction by jurisdiction, in the order of its lines."""

    def __init__(self, level: str, currency: str) -> None:
        self._by_document = level == "Document"
        self._unit = Decimal(1).scaleb(-_DIGITS.get(currency, 2))
        self._sums: dict[str, Decimal] = {}

    def tax(self, jurisdiction: str, exact: Decimal) -> Decimal:
        """The line's rounded part; by document, what is lost at one line is made up at a later one."""
        if not self._by_document:
            return self._rounded(exact)
        before = self._sums.get(jurisdiction, Decimal(0))
        self._sums[jurisdiction] = before + exact
        return self._rounded(before + exact) - self._rounded(before)

    def _rounded(self, exact: Decimal) -> Decimal:
        return exact.quantize(self._unit, rounding=ROUND_HALF_UP)
