"""Numbers as a person reads them."""

UNITS = ["", " k", " M", " G", " T", " P"]


def short(number: float | None, digits: int = 3) -> str:
    """A number with a decimal prefix: 1234567 -> `1.23 M`; nothing for None or 0."""
    if not number:
        return ""
    place = 0
    while abs(number) >= 999.5 and place < len(UNITS) - 1:
        number, place = number / 1000, place + 1
    return f"{number:.{digits}g}{UNITS[place]}"


def hours(number: float | None) -> str:
    """Hours to two digits, whole from 100; nothing for None."""
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}" if number < 0.1 else f"{number:.1f}"
