"""All panels at the size of the interface that was asked for, with long names, in a sidebar that gets narrower."""

import screen
from edit import module, settings
from screen import SCALE, only, shoot, shoot_sidebar
from states import opened
from waits import Story, until

_PARTS = {
    "people": ("backend", "jobs", "people"),
    "faces": ("repair", "masks"),
    "swap": ("train", "swap", "swap_versions", "compare"),
}


def story() -> Story:
    yield from opened(unfolded=True)
    yield from only()
    people = module("people")
    yield until("consent", lambda: all(people.person(role).consent for role in ("performer", "identity")))
    screen.rest_mouse()
    yield 2.0
    shoot("whole", docs=False)
    chosen = settings()
    chosen.performer = "performer_with_a_long_pseudonym_0001"
    chosen.model = "//deepfake/models/a_model_with_a_rather_long_name_for_the_hero_close_up_v012"
    for by in (0, 90, 60):
        if by:
            yield from screen.drag_sidebar(int(by * SCALE))
        for name, panels in _PARTS.items():
            yield from only(*panels, unfolded=True)
            yield 2.0
            yield from shoot_sidebar(f"less_{by}_{name}", docs=False)
