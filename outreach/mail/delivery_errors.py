"""The outcomes of sending a letter or a text, other than success."""

from datetime import datetime


class ServerUnavailable(Exception):
    """No message can be sent now: no server, no TLS, no authentication.

    Its text is for the log and names nobody."""


class DeliveryRefused(Exception):
    """This message was refused; for good if `is_final`. With `ends_round` others would be refused
    too."""

    def __init__(self, *, is_final: bool, ends_round: bool = False) -> None:
        super().__init__("final" if is_final else "for now")
        self.is_final, self.ends_round = is_final, ends_round


class Postponed(Exception):
    """The recipient has had so many messages that this one waits `until` an instant."""

    def __init__(self, until: datetime) -> None:
        super().__init__("postponed")
        self.until = until


class Delayed(Exception):
    """This message may not be sent at this hour: it waits `until` an instant."""

    def __init__(self, until: datetime) -> None:
        super().__init__("delayed")
        self.until = until


class AlreadySaid(Exception):
    """Another message has told the recipient what this one says."""


class DeliveryUncertain(Exception):
    """The connection ended after the message was sent: it may have been accepted."""


class DeliveryDropped(Exception):
    """The message is not sent, and does not wait either. Its text is for the log."""
