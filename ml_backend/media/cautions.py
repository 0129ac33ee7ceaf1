"""What footage tells of itself that faces cannot be made well from."""

from ml_backend.media.frame import SourceInfo

_SQUARE = 0.005  # scaled movies are often as far off


def cautions(info: SourceInfo) -> list[str]:
    """A sentence each, with what to do; none for ordinary footage."""
    said = []
    if abs(info.pixel_aspect - 1) > _SQUARE:
        shape = "narrower" if info.pixel_aspect > 1 else "wider"
        said.append(
            f"{info.path.name} has pixels {info.pixel_aspect:.4g} times as wide as high: faces are looked for and made "
            f"as they are stored, {shape} than they were filmed. Unsqueeze the plate first."
        )
    if info.interlaced:
        said.append(
            f"{info.path.name} is interlaced: each picture holds two moments, and a face is made for one. "
            "Deinterlace it first."
        )
    return said
