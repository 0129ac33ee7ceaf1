"""The page holds all that it shows, and nothing that others wrote runs in it."""

import base64
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from ml_backend.evaluation.figures import summarise
from ml_backend.evaluation.findings import find_looks
from ml_backend.evaluation.inputs import Pictures
from ml_backend.evaluation.report.report import Report, make_report
from ml_backend.evaluation.rows import Row, add_changes
from ml_backend.evaluation.thumbnails import SIDE, SPREAD, WORST, choose, make_thumbnails
from ml_backend.swapping.manifest import Manifest

from .known_manifest import manifest_of

BAD = "<img src=x onerror=alert(1)>\"'&"
FACE = (60.0, 20.0, 40.0, 50.0)
VOID = {"meta", "img"}


class Page(HTMLParser):
    """Every element with its attributes; fails where elements are not closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pictures(number: int, dtype: type = np.uint8, truth: bool = False) -> Pictures:
    plate = np.full((120, 160, 3), 0.25 * np.iinfo(dtype).max, dtype)
    swap = np.full_like(plate, 0.75 * np.iinfo(dtype).max)
    alpha = np.zeros((120, 160), np.float32)
    alpha[30:60, 65:95] = 1
    return Pictures(number, plate, swap, alpha, swap if truth else None, None)


def shot(count: int = 30) -> list[Row]:
    rows = [
        Row(n, 1, FACE, FACE, {"coverage": 0.8, "jitter": 1.0, "jitter_plate": 1.0}, np.zeros(3))
        for n in range(1, count + 1)
    ]
    add_changes(rows)
    return rows


def with_a_fault(count: int = 30) -> list[Row]:
    rows = shot(count)
    rows[11].figures["coverage"] = 0.3
    add_changes(rows)
    return rows


def page_of(rows: list[Row], manifest: Manifest, name: str = "shot") -> str:
    looks = find_looks(rows)
    figures = summarise(rows) | {"frames_to_look_at": len(looks)}
    worst, spread = choose(looks, [row.frame for row in rows])
    thumbnails = {n: make_thumbnails(pictures(n, truth=True), rows) for n in {*worst, *spread}}
    return make_report(Report(name, manifest, rows, figures, ["a remark"], looks, [], spread, thumbnails))


def test_the_page_needs_nothing_else() -> None:
    text = page_of(with_a_fault(), manifest_of())
    page = Page(text)
    assert not page.all("script")
    assert not page.all("link")
    assert all((image["src"] or "").startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert "url(" not in text
    assert "http" not in text.replace('"http://www.w3.org/2000/svg"', "").replace("http-equiv", "")
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_pictures_and_plots_have_words_and_links_lead_somewhere() -> None:
    page = Page(page_of(with_a_fault(), manifest_of()))
    alts = [image["alt"] for image in page.all("img")]
    assert {"Plate, frame 12", "Swap, frame 12", "What was painted, frame 12", "Truth, frame 12"} <= set(alts)
    plots = page.all("svg")
    assert plots
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in plots)
    targets = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = {link["href"] for link in page.all("a")}
    assert links == {"#look-12"}
    assert {link.removeprefix("#") for link in links if link} <= targets


def test_the_reason_is_told_and_a_good_shot_says_so() -> None:
    rows = with_a_fault()
    text = page_of(rows, manifest_of())
    assert "1 of 30 frames need a look." in text
    assert "the mask shrank by 62 %" in text
    rows[11].figures["coverage"] = 0.8
    add_changes(rows)
    assert "None of the 30 frames stands out." in page_of(rows, manifest_of())


def test_names_of_others_are_only_text() -> None:
    manifest = manifest_of(identity=BAD, model=BAD, checkpoint=BAD, plate={"source": BAD, "frames": None})
    page = Page(page_of(with_a_fault(), manifest, name=BAD))
    assert all(image["src"] != "x" for image in page.all("img"))
    assert all(not key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_more_looks_than_pictures_are_listed() -> None:
    rows = with_a_fault(400)
    for n in range(20, 400, 20):
        rows[n].painted = 0
    looks = find_looks(rows)
    text = page_of(rows, manifest_of())
    page = Page(text)
    assert len(looks) == 20 > WORST
    assert len([element for element in page.elements if (element[1].get("id") or "").startswith("look-")]) == 20
    assert len(page.all("img")) == 4 * (WORST + SPREAD)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_thumbnails_show_the_face_and_what_was_painted(dtype: type) -> None:
    made = make_thumbnails(pictures(3, dtype), shot())
    assert made.keys() == {"plate", "swap", "mask"}
    shown = {}
    for name, uri in made.items():
        data = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (SIDE, SIDE, 3)
        shown[name] = picture
    assert abs(float(shown["plate"].mean()) - 63.75) < 2
    assert abs(float(shown["swap"].mean()) - 191.25) < 2
    # 80 pixels around (80, 45): the painted square of 30 pixels lies in the middle
    middle, corner = shown["mask"][SIDE // 2, SIDE // 2].mean(), shown["mask"][5, 5].mean()
    assert abs(middle - 191) < 6
    assert abs(corner - 0.35 * 64) < 6


def test_a_frame_without_face_is_shown_where_the_next_one_has_it() -> None:
    rows = shot(3)
    with_face = make_thumbnails(pictures(1), rows)
    rows[0].plate_face = rows[0].swap_face = None
    assert make_thumbnails(pictures(1), rows) == with_face
    nobody = [Row(1, 0)]
    assert make_thumbnails(pictures(1), nobody).keys() == with_face.keys()


def test_the_frames_to_show_are_spread_over_the_shot() -> None:
    assert choose([], list(range(1, 101)))[1] == [1, 15, 29, 43, 58, 72, 86, 100]
    assert choose([], [5, 6]) == ([], [5, 6])
