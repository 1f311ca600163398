"""Equality of calls, for what answers them from a record and for what grades them."""

import json

from tms.io import strict_json

DECODER = strict_json.exact_decoder()
# Keys of a golden call: names of arguments that the instruction does not state; and, where any arguments will
# do, those of the authors' file.
FREE, WRITTEN = "free", "written"


def same_arguments(made: dict, wanted: dict | None) -> bool:
    """Whether a call's arguments are those that are wanted.

    They are compared as JSON values (`tms.io.strict_json.equal`): keys in any order, 1 as 1.0, "1" not as 1.
    An argument that is "" counts as one that is not given, on both sides; ToolAlpaca's check of arguments
    (`agent/convert_request.py` of its repository) lets it pass for an enumeration alone.

    Args:
        made: of the call; strict JSON.
        wanted: None: any.
    """
    return wanted is None or strict_json.equal(_read(made), _read(wanted))


def same_stated_arguments(made: dict, wanted: dict | None, free: list[str]) -> bool:
    """As `same_arguments`, where the arguments of some names may be others, or may not be given."""
    if wanted is None:
        return True
    kept = [{name: value for name, value in one.items() if name not in free} for one in (made, wanted)]
    return same_arguments(*kept)


def _read(arguments: dict) -> object:
    given = {name: value for name, value in arguments.items() if value != ""}
    return DECODER.decode(json.dumps(given))
