"""A studio's certificate is checked before it is used, and never passed over silently."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ml_backend.errors import BackendError
from ml_backend.provenance.credentials import load_signing, read, sign_file
from ml_backend.provenance.credentials.certificates import FITTING_USES
from ml_backend.provenance.credentials.trust import trust_chain

from .conftest import FACTS, Keys, Studio


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP256R1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
        lambda: rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["P-256", "P-521", "RSA", "Ed25519"],
)
def test_a_studio_signs_with_its_own_key(studio: Studio, file: Callable[[str], Path], make: Callable[[], Keys]) -> None:
    studio.write(make())
    picture = file(".png")
    sign_file(picture, picture, FACTS)
    found = read(picture)
    assert (found.state, found.self_issued) == ("valid", False)
    assert found.signer == "A Studio, Shot signing"


@pytest.mark.parametrize("usage", FITTING_USES, ids=["emailProtection", "documentSigning", "C2PA claim signing"])
def test_every_use_that_is_accepted_signs(
    studio: Studio, file: Callable[[str], Path], usage: x509.ObjectIdentifier
) -> None:
    studio.write(usage=usage)
    picture = file(".png")
    sign_file(picture, picture, FACTS)
    assert (read(picture).state, read(picture).problems) == ("valid", ())


def test_a_chain_without_its_root_is_believed_by_named_anchors(studio: Studio, file: Callable[[str], Path]) -> None:
    settings = studio.write()
    (studio.folder / "root.pem").write_bytes(studio.authority.public_bytes(Encoding.PEM))
    _nobody_vouches(studio)
    settings.write_text(settings.read_text() + 'anchors = "root.pem"\n')
    picture = file(".png")
    sign_file(picture, picture, FACTS)
    assert read(picture).state == "valid"


def test_a_machines_name_is_not_its_owners(file: Callable[[str], Path]) -> None:
    picture = file(".png")
    sign_file(picture, picture, FACTS)
    assert re.fullmatch(r"Deepfake Sequencer \(self-issued\), machine [0-9a-f]{8}", read(picture).signer)


def test_what_another_machine_signed_is_believed_once_it_is_trusted(
    file: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = file(".png")
    chain = sign_file(picture, picture, FACTS).file
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "other"))
    assert read(picture).state == "untrusted"
    trust_chain(chain)
    assert read(picture).state == "valid"


def _no_key(studio: Studio) -> None:
    (studio.folder / "key.pem").write_text("nonsense")


def _open_key(studio: Studio) -> None:
    (studio.folder / "key.pem").chmod(0o644)


def _wrong_order(studio: Studio) -> None:
    chain = studio.folder / "chain.pem"
    parts = chain.read_text().split("-----BEGIN")
    chain.write_text("-----BEGIN".join([parts[0], parts[2], parts[1]]))


def _no_chain(studio: Studio) -> None:
    (studio.folder / "chain.pem").unlink()


def _nobody_vouches(studio: Studio) -> None:
    chain = studio.folder / "chain.pem"
    chain.write_text(chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")


def _settings(text: str) -> Callable[[Studio], None]:
    return lambda studio: (studio.folder / "credentials.toml").write_text(text) and None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_no_key, "key.pem cannot be read"),
        (_open_key, "can be read by others.*chmod 600"),
        (_wrong_order, "not that of the key"),
        (_no_chain, "chain.pem cannot be read"),
        (_nobody_vouches, "Nobody vouches"),
        (_settings('certificate = "chain.pem"\nkey = "key.pem"\ntime_stamp = "tsa"'), "time_stamp in .* is no address"),
        (_settings("certificate = "), "credentials.toml cannot be read"),
        (_settings('certificate = "chain.pem"'), "must have certificate and key"),
        (_settings('certificate = "chain.pem"\nkey = "key.pem"\npassword = "x"'), "password"),
        (lambda studio: studio.write(days=-1), "is valid from"),
        (lambda studio: studio.write(usage=ExtendedKeyUsageOID.CODE_SIGNING), "not made for signing documents"),
        (lambda studio: studio.write(ec.generate_private_key(ec.SECP256K1())), "a kind that C2PA does not take"),
        (lambda studio: (studio.folder / "credentials.toml").unlink(), "credentials.toml cannot be read"),
    ],
)
def test_what_is_wrong_with_a_studios_certificate_is_named(
    studio: Studio, file: Callable[[str], Path], spoil: Callable[[Studio], object], words: str
) -> None:
    studio.write()
    spoil(studio)
    picture = file(".png")
    before = picture.read_bytes()
    with pytest.raises(BackendError, match=words):
        sign_file(picture, picture, FACTS)
    assert picture.read_bytes() == before


def test_a_chain_in_which_one_did_not_issue_the_other(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.write()
    other = Studio(tmp_path / "other")
    chain = studio.folder / "chain.pem"
    leaf = chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    other.write()
    authority = (other.folder / "chain.pem").read_text().split("-----END CERTIFICATE-----\n")[1]
    chain.write_text(leaf + authority + "-----END CERTIFICATE-----\n")
    monkeypatch.setenv("ML_BACKEND_CREDENTIALS", str(studio.folder / "credentials.toml"))
    with pytest.raises(BackendError, match="is not issued by the next"):
        load_signing()
