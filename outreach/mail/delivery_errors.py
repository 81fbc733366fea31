"""What a carrier of letters or texts may answer, so that nothing is lost and nothing sent twice.

It takes what it is given, or raises one of these.
"""


class ServerUnavailable(Exception):
    """Nobody can be asked now, for any letter: no server, no secure line, no sign-in. Its text
    is for the log and names nobody."""


class DeliveryRefused(Exception):
    """This one was not taken. `is_final`: it never will be. `ends_round`: nor will the others,
    for now."""

    def __init__(self, *, is_final: bool, ends_round: bool = False) -> None:
        super().__init__("final" if is_final else "for now")
        self.is_final, self.ends_round = is_final, ends_round


class DeliveryUncertain(Exception):
    """The line broke when all had been said: it was taken, or it was not."""
