"""Deepfake Sequencer: face replacement in Blender's video sequencer, with the identity's consent."""


def register() -> None:
    from . import registration

    registration.register()


def unregister() -> None:
    from . import registration

    registration.unregister()
