"""Where signing fails, nothing is left that was not there before: for each failure and each kind of thing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ml_backend.delivery.deliver import Delivery, run_deliver
from ml_backend.delivery.sign_folder import sign_folder
from ml_backend.errors import BackendError
from ml_backend.media.source import open_source
from ml_backend.progress import SilentReporter
from ml_backend.provenance.credentials import sign_file, sign_sequence, sign_sidecar
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE

from ...delivery.described_swap import described_swap
from .conftest import FACTS, Studio


def no_authority(studio: Studio) -> None:
    settings = studio.write()
    settings.write_text(settings.read_text() + 'time_stamp = "http://127.0.0.1:9/stamp"\n')


def expired(studio: Studio) -> None:
    studio.write(days=-1)


def wrong_key(studio: Studio) -> None:
    studio.write()
    other = ec.generate_private_key(ec.SECP384R1())
    private = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (studio.folder / "key.pem").write_bytes(private)


@pytest.fixture(
    params=[(no_authority, "9/stamp answers"), (expired, "is valid from"), (wrong_key, "is not that of the key")],
    ids=["authority", "expired", "key"],
)
def words(request: pytest.FixtureRequest, studio: Studio) -> str:
    """A studio's certificate that cannot be used now, and what must be said."""
    spoil, said = request.param
    spoil(studio)
    return str(said)


@pytest.fixture
def pictures(tmp_path: Path, footage: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for frame in open_source(footage / "plate_A.mp4", "1-3").frames():
        assert cv2.imwrite(str(folder / f"{frame.number:04d}.png"), frame.image[..., ::-1])
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def fails(words: str, folder: Path, work: Callable[[], object]) -> None:
    before = content(folder)
    with pytest.raises(BackendError, match=words) as caught:
        work()
    assert caught.value.fix
    assert content(folder) == before


def test_a_film_a_sidecar_and_a_list(words: str, footage: Path, pictures: Path) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", pictures / "film.mp4"))
    (pictures / LIST).write_text("an older list")
    (pictures / SIGNATURE).write_text("an older signature")
    fails(words, pictures, lambda: sign_file(film, film, FACTS))
    fails(words, pictures, lambda: sign_file(film, pictures / "new.mp4", FACTS))
    fails(words, pictures, lambda: sign_sidecar(film, FACTS))
    fails(words, pictures, lambda: sign_sequence(pictures, [("0001.png", "0" * 64)], FACTS))


def test_a_folder_of_pictures(words: str, pictures: Path) -> None:
    fails(words, pictures, lambda: sign_folder(pictures, FACTS, (None, ()), lambda done, count: None))


@pytest.fixture
def swap(tmp_path: Path, footage: Path) -> Path:
    return described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)


@pytest.mark.parametrize("name", ["out.mp4", "stills"])
def test_a_delivery(swap: Path, words: str, name: str, pictures: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    delivery = Delivery(pictures, [swap], place / name)
    fails(words, place, lambda: run_deliver(delivery, SilentReporter()))
    assert not list(place.iterdir())
