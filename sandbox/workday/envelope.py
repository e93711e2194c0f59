"""SOAP as Workday speaks it: envelopes, and the faults by which a call is refused."""

from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from starlette.responses import Response

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
WD = "{urn:com.workday/bsvc}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
register_namespace("env", SOAP[1:-1])
register_namespace("wd", WD[1:-1])


class Fault(Exception):
    """A call that is not carried out: SOAP code, what is said, and what Workday puts into the detail."""

    def __init__(self, code: str, said: str, *, detail: str = "", xpath: str = "", status: int = 500) -> None:
        super().__init__(said)
        self.code, self.said, self.detail, self.xpath, self.status = code, said, detail, xpath, status

    def answer(self, headers: dict[str, str] | None = None) -> Response:
        """The fault on the wire."""
        fault = Element(SOAP + "Fault")
        SubElement(fault, "faultcode").text = f"SOAP-ENV:{self.code}"
        SubElement(fault, "faultstring").text = self.said
        if self.detail == "Validation_Fault":
            error = SubElement(SubElement(SubElement(fault, "detail"), WD + "Validation_Fault"), WD + "Validation_Error")
            for name, text in (("Message", self.said), ("Detail_Message", self.said), ("Xpath", self.xpath)):
                SubElement(error, WD + name).text = text
        elif self.detail:
            SubElement(SubElement(SubElement(fault, "detail"), WD + self.detail), WD + "Detail_Message").text = self.said
        return enveloped(fault, status=self.status, headers=headers)


def invalid(message: str, xpath: str = "") -> Fault:
    """A request that breaks a rule: it would be refused again."""
    return Fault("Client.validationError", message, detail="Validation_Fault", xpath=xpath)


def not_processed(message: str, status: int = 500) -> Fault:
    """A request that Workday could not work off."""
    return Fault("Server.processingError", message, detail="Processing_Fault", status=status)


def not_authenticated(message: str = "invalid username or password") -> Fault:
    """A caller that Workday does not know."""
    return Fault("Client.authenticationError", message)


def opened(body: bytes) -> Element:
    """The envelope of a request."""
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (SyntaxError, DefusedXmlException, ValueError) as broken:
        raise invalid("The request is not a valid SOAP envelope") from broken
    if envelope.tag != SOAP + "Envelope":
        raise invalid("The request is not a valid SOAP envelope")
    return envelope


def enveloped(content: Element, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in an envelope."""
    envelope = Element(SOAP + "Envelope")
    SubElement(envelope, SOAP + "Body").append(content)
    return Response(tostring(envelope, encoding="utf-8", xml_declaration=True), status, headers, "text/xml; charset=utf-8")
