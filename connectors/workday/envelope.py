"""SOAP 1.1 as Workday speaks it: what is sent, and what comes back, read without document types and entities."""

from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.workday.settings import SystemUser

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
WD = "{urn:com.workday/bsvc}"
_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_PLAIN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"


def sealed(request: Element, *, user: SystemUser | None, tenant: str) -> bytes:
    """The request in an envelope, signed in as the user if there is one (else the bearer token does it)."""
    envelope = Element(SOAP + "Envelope")
    header = SubElement(envelope, SOAP + "Header")
    if user is not None:
        security = SubElement(header, _WSSE + "Security", {SOAP + "mustUnderstand": "1"})
        token = SubElement(security, _WSSE + "UsernameToken")
        SubElement(token, _WSSE + "Username").text = f"{user.username}@{tenant}"
        SubElement(token, _WSSE + "Password", {"Type": _PLAIN}).text = user.password.get_secret_value()
    SubElement(envelope, SOAP + "Body").append(request)
    return bytes(tostring(envelope, encoding="utf-8", xml_declaration=True))


def content(body: bytes) -> Element | None:
    """What the envelope's body holds; None where this is no SOAP, or nothing that is safe to read."""
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (SyntaxError, DefusedXmlException, ValueError, LookupError):
        return None
    inside = envelope.find(SOAP + "Body")
    return None if inside is None else next(iter(inside), None)
