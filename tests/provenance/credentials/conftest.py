"""Files of every kind that can be signed, and a studio with its own certificates."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ml_backend.media.source import open_source
from ml_backend.provenance.credentials import Facts

FACTS = Facts("shot as b", {"b": "0" * 64, "a": "1" * 64}, "2" * 64, swaps=("3" * 64,), models=("4" * 64,))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ML_BACKEND_CREDENTIALS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def file(footage: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A picture or a film with this suffix."""

    def make(suffix: str) -> Path:
        made = tmp_path / f"a file{suffix}"
        if suffix in (".mp4", ".mov"):
            import av

            with av.open(str(footage / "plate_A.mp4")) as old, av.open(str(made), "w") as new:
                stream = new.add_stream_from_template(old.streams.video[0])
                for packet in old.demux(video=0):
                    if packet.dts is not None:
                        packet.stream = stream
                        new.mux(packet)
        else:
            (frame,) = open_source(footage / "plate_A.mp4", "1").frames()
            assert cv2.imwrite(str(made), frame.image[..., ::-1])
        return made

    return make


Keys = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Studio:
    """A certificate authority and a signer's certificate that it issued; `write` leaves what a studio is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = ec.generate_private_key(ec.SECP256R1())
        self.authority = self._certificate("The Studio CA", self.root, self.root, ca=True)

    def write(self, key: Keys | None = None, days: float = 30, usage: x509.ObjectIdentifier | None = None) -> Path:
        """days: how long the signer's certificate is valid from now on."""
        key = key or ec.generate_private_key(ec.SECP384R1())
        leaf = self._certificate("Shot signing", key, self.root, days=days, usage=usage)
        self.folder.mkdir(exist_ok=True)
        (self.folder / "chain.pem").write_bytes(
            leaf.public_bytes(Encoding.PEM) + self.authority.public_bytes(Encoding.PEM)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "key.pem").write_bytes(private)
        (self.folder / "key.pem").chmod(0o600)
        settings = self.folder / "credentials.toml"
        settings.write_text('certificate = "chain.pem"\nkey = "key.pem"\n')
        os.environ["ML_BACKEND_CREDENTIALS"] = str(settings)
        return settings

    def _certificate(
        self,
        name: str,
        key: Keys,
        signer: ec.EllipticCurvePrivateKey,
        *,
        ca: bool = False,
        days: float = 30,
        usage: x509.ObjectIdentifier | None = None,
    ) -> x509.Certificate:
        def named(common: str) -> x509.Name:
            parts = ((NameOID.ORGANIZATION_NAME, "A Studio"), (NameOID.COMMON_NAME, common))
            return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])

        now = datetime.now(UTC)
        bits = {"digital_signature": not ca, "key_cert_sign": ca, "crl_sign": ca}
        bits |= dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        bits |= dict.fromkeys(("encipher_only", "decipher_only"), False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("The Studio CA"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**bits), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if not ca:
            uses = [usage or ExtendedKeyUsageOID.EMAIL_PROTECTION]
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        return builder.sign(signer, hashes.SHA256())


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setenv("ML_BACKEND_CREDENTIALS", "")  # what `write` sets goes with the test
    return Studio(tmp_path / "studio")
