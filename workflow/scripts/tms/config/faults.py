"""Faults of a configuration, all of them at once."""

from collections.abc import Callable, Collection

from tms.config.known import check_known
from tms.io.errors import InputError


class Faults(list[str]):
    """Lines on what is wrong, one a fault."""

    def check(self, function: Callable, *values: object) -> bool:
        """Whether a check passes; what it raises as `InputError` is a fault.

        Where faults were found before, it may also stumble over what they concern.
        """
        try:
            function(*values)
            return True
        except InputError as error:
            if not self or str(error).startswith("config: "):
                self.append(str(error))
        except (KeyError, TypeError, AttributeError, ValueError):
            if not self:
                raise
        return False

    def known(self, key: str, name: object, known: Collection[str]) -> bool:
        """Whether a name is known; else it is a fault (one that is no text was one before)."""
        return isinstance(name, str) and self.check(check_known, key, name, known)

    def end(self) -> None:
        """Raise an `InputError` of all faults, a line each."""
        if self:
            raise InputError("\n".join(dict.fromkeys(self)))
