"""Lists of words, written as a text."""


def listed(text: str) -> frozenset[str]:
    """The words of a text; «_» stands for a space in one of them."""
    return frozenset(word.replace("_", " ") for word in text.split())
