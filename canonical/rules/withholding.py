"""Tax that customers withhold: it settles the receivable against a certificate, and stays open without one (S28)."""

from decimal import Decimal

from canonical.exception import Finding
from canonical.money import Money, Rounding
from canonical.payment import Application, Payment
from canonical.schema import Part


class WithholdingPolicy(Part):
    """Whether withheld tax settles an invoice only with its certificate; ``rate`` is what the law lets a customer keep."""

    needs_certificate: bool = True
    rate: Decimal | None = None
    rounding: Rounding = Rounding.HALF_UP

    def expected(self, net: Money) -> Money:
        """What a customer may withhold of an invoice (S28)."""
        return (net * (self.rate or Decimal(0))).rounded(self.rounding)


def recognized(application: Application, policy: WithholdingPolicy | None = None) -> Money:
    """The withheld tax that counts as paid: an asset on 1120 until the tax office refunds or offsets it (S28 b)."""
    needs = (policy or WithholdingPolicy()).needs_certificate
    if application.withheld is None or (needs and not application.certificate):
        return Money.zero(application.amount.currency)
    return application.withheld


def settled_by(application: Application, policy: WithholdingPolicy | None = None) -> Money:
    """What of the invoice is settled: the money, and the certified tax (S28 b: 9,000 + 1,000)."""
    return application.amount + recognized(application, policy)


def uncertified(payment: Payment, policy: WithholdingPolicy | None = None) -> list[Finding]:
    """Withheld tax without its certificate is asked for; until it comes the invoice stays open by it (S28, R102)."""
    return [
        Finding(
            code="WITHHOLDING_CERTIFICATE_MISSING",
            subject=one.number or one.target_id,
            sentence=f"Payment {payment.reference} withholds {one.withheld} of {one.number or one.target_id} uncertified.",
            remedy="Ask the customer for the certificate and record its number, or dun the difference.",
            money=one.withheld,
            evidence={"payment": payment.reference, "invoice": one.target_id},
        )
        for one in payment.applications
        if one.withheld and recognized(one, policy) != one.withheld
    ]
