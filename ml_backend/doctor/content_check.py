"""Is a studio's content check installed, and can it be loaded?"""

from importlib.metadata import entry_points

from ml_backend.doctor.check import Check, describe
from ml_backend.provenance.content_hook import GROUP, installed_checks


def check_content_hook() -> Check:
    """None installed is no fault, but is said: nothing then looks at what pictures show."""
    name = "content check"
    installed = installed_checks()
    if not installed:
        return Check(
            name, "ok", "none installed: nobody looks at what the pictures show; consent is checked all the same"
        )
    for point in entry_points(group=GROUP):
        try:
            loaded = point.load()
        except Exception as error:
            fix = "Mend or uninstall its package; until then every extraction and swap is refused."
            return Check(name, "failed", f"{point.name} cannot be loaded: {describe(error)}", fix)
        if not callable(loaded):
            return Check(name, "failed", f"{point.name} ({point.value}) is no function", "Mend its entry point.")
    return Check(name, "ok", ", ".join(installed))
