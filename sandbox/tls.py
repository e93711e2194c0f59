"""A certificate for localhost, made on the spot, for vendors' clients that refuse plain HTTP."""

from pathlib import Path

import trustme


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Write a server certificate for localhost; returns its file, its key's, and that of the authority to trust."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key, root = folder / "localhost.pem", folder / "localhost.key", folder / "authority.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(root))
    return chain, key, root
