"""Text that somebody else may have written, fit for a terminal."""

LONGEST = 300  # letters that are shown


def plain(value: object, longest: int = LONGEST) -> str:
    """The first `longest` letters; what would move the cursor or change colours is shown as a mark.

    Empty where `value` is no text.
    """
    text = value[:longest] if isinstance(value, str) else ""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
