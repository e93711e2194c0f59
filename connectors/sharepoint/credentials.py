"""Tokens from Entra ID by the client-credentials grant, with a secret or with an assertion signed by a certificate's key."""

import time
import uuid

import httpx2 as httpx
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

from canonical.errors import Misconfigured
from connectors.auth import Token, TokenAuth, fetch_token
from connectors.sharepoint.settings import CertificateCredentials, Settings

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 300


def authentication(system: str, settings: Settings, plain: httpx.AsyncClient) -> TokenAuth:
    """A token that is kept and renewed; ``plain`` is a client that sends no token itself."""
    url = f"{settings.login_url}/{settings.tenant}/oauth2/v2.0/token"

    async def fetch() -> Token:
        form = {"grant_type": "client_credentials", "client_id": settings.client_id, "scope": f"{settings.base_url}/.default"}
        return await fetch_token(plain, url, form | _proof(system, settings, url), system=system)

    return TokenAuth(fetch)


def _proof(system: str, settings: Settings, url: str) -> dict[str, str]:
    given = settings.credentials
    if isinstance(given, CertificateCredentials):
        assertion = _assertion(system, given, settings.client_id, url)
        return {"client_assertion_type": _ASSERTION, "client_assertion": assertion}
    return {"client_secret": given.client_secret.get_secret_value()}


def _assertion(system: str, given: CertificateCredentials, client: str, audience: str) -> str:
    now = int(time.time())
    claims = {"aud": audience, "iss": client, "sub": client, "jti": str(uuid.uuid4()), "nbf": now, "exp": now + _LIFETIME_SECONDS}
    try:
        # Entra looks the key up by the hash of the certificate's bytes; the hexadecimal thumbprint that tools show is refused.
        thumbprint = x509.load_pem_x509_certificate(given.certificate.encode()).fingerprint(SHA256())
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": urlsafe_b64encode(thumbprint).decode()}
        return jwt.encode(header, claims, RSAKey.import_key(given.private_key.get_secret_value()), algorithms=["PS256"])
    except (JoseError, ValueError) as broken:
        raise Misconfigured(
            f"{system}: the certificate or its private key cannot be read",
            remedy="Give both as PEM: the certificate that is registered with the application, and its RSA private key.",
        ) from broken
