"""A certificate that this machine issues to itself, for who has no studio's: it proves that nothing was changed, and by
which machine it was signed; not who its owner is."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ml_backend import atomic

CHAIN, KEY = "chain.pem", "key.pem"
ORGANISATION = "Deepfake Sequencer (self-issued)"
# Without a time stamp a credential is believed only as long as its certificate is valid
_YEARS = timedelta(days=20 * 365)


def make_certificate(folder: Path) -> None:
    """Make CHAIN and KEY (0600) in `folder`, unless another process was first.

    The key of the authority is thrown away: nothing else can ever be issued in its name. The machine gets a random
    name: its own often holds that of its owner, and this one is published with every film.
    """
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    mark = f"{x509.random_serial_number():040x}"[:8]
    root = _named(f"authority {mark}")
    certificates = (
        _certificate(_named(f"machine {mark}"), root, own, authority, is_authority=False),
        _certificate(root, root, authority, authority, is_authority=True),
    )
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError), atomic.new_folder(folder) as part:  # a folder that is there was filled by another process
        part.chmod(0o700)
        key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        atomic.write_bytes(part / KEY, key, mode=0o600)
        atomic.write_bytes(part / CHAIN, b"".join(one.public_bytes(Encoding.PEM) for one in certificates))


def _named(name: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, ORGANISATION), (NameOID.COMMON_NAME, name[:64]))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    use = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    use |= {"key_cert_sign": True, "crl_sign": True} if is_authority else {"digital_signature": True}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.KeyUsage(**use), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(signer, hashes.SHA256())
