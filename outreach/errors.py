"""What can go wrong, in the words of the domain.

OutreachError
├── NotFound        there is no such workshop, registration or office
├── Closed          the workshop takes no registrations, now or any more
│   └── NotYet      it will: sign-up opens later
├── Full            fewer places are left than were asked for, and there is no waiting list
├── Taken           somebody else has just taken that hour, or the last of that support
├── TooMany         one contact already holds as many registrations as one may
├── Forgotten       the key is gone: nobody can read this any more
├── Refused         what was asked cannot be done as it stands; says why, to be shown
└── Misconfigured   settings, zone rules or database are not fit to start with; says what to do
"""


class OutreachError(Exception):
    """The base of every error this product raises on purpose."""


class NotFound(OutreachError):
    pass


class Closed(OutreachError):
    pass


class Full(OutreachError):
    pass


class NotYet(Closed):
    pass


class Taken(OutreachError):
    """Its text is the need that has run out; empty for the hour."""


class TooMany(OutreachError):
    pass


class Forgotten(OutreachError):
    pass


class Refused(OutreachError):
    """Its text is a whole sentence for the person who asked."""


class Misconfigured(OutreachError):
    """Its text names every fault at once, one a line."""
