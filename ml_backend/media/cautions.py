"""What footage tells of itself that its user should know."""

from ml_backend.media.frame import SourceInfo


def cautions(info: SourceInfo) -> list[str]:
    """A sentence each, with what to do; none for ordinary footage."""
    said = []
    if info.stored is not None:
        said.append(
            f"{info.path.name} has pixels {info.pixel_aspect:.4g} times as wide as high: faces are looked for and made "
            "as they were filmed, and written as the plate is stored."
        )
    if info.interlaced:
        said.append(
            f"{info.path.name} is interlaced: each picture holds two moments, and a face is made for one. "
            "Deinterlace it first."
        )
    return said
