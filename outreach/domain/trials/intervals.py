"""How many reminders a trial needs, and what the difference between two shares may be by chance.

Ten lines each, from the published formulas: the libraries that have them (SciPy, statsmodels) would
be half of the product's environment.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
HARM_CONFIDENCE: Final = 0.999  # Haybittle and Peto's, at which an early end changes little
POWER: Final = 0.8  # the probability to show a difference that is there


@dataclass(frozen=True)
class Proportion:
    """A share: `part` of `whole`."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share from 0 to 1; 0 where `whole` is 0."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True)
class Difference:
    """The difference of two shares, from -1 to 1, and its confidence interval."""

    value: float
    low: float
    high: float

    @property
    def is_less(self) -> bool:
        return self.high < 0

    @property
    def is_more(self) -> bool:
        return self.low > 0


def compare(new: Proportion, usual: Proportion, confidence: float = CONFIDENCE) -> Difference:
    """Returns the share `new` minus the share `usual`, with the hybrid score interval.

    R. G. Newcombe, Statistics in Medicine 17 (1998), method 10. Where one of them is of
    nothing, the interval has all values.
    """
    if not new.whole or not usual.whole:
        return Difference(0.0, -1.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    new_low, new_high = _score_interval(new, z)
    usual_low, usual_high = _score_interval(usual, z)
    value = new.value - usual.value
    return Difference(
        value,
        value - math.hypot(new.value - new_low, usual_high - usual.value),
        value + math.hypot(new_high - new.value, usual.value - usual_low),
    )


def compute_size(share: float, difference: float) -> int:
    """Returns how many reminders of each wording a trial needs to show a share lower by
    `difference`.

    It shows it with a probability of POWER. J. L. Fleiss, Statistical Methods for Rates and
    Proportions, without the correction for continuity.
    """
    low = share - difference
    middle = (share + low) / 2
    z_error = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    z_power = NormalDist().inv_cdf(POWER)
    spread = z_error * math.sqrt(2 * middle * (1 - middle)) + z_power * math.sqrt(
        share * (1 - share) + low * (1 - low)
    )
    return math.ceil((spread / difference) ** 2)


def _score_interval(share: Proportion, z: float) -> tuple[float, float]:
    """Returns Wilson's interval of a share."""
    number = share.whole
    middle = share.value + z * z / (2 * number)
    half = z * math.sqrt(share.value * (1 - share.value) / number + (z / (2 * number)) ** 2)
    scale = 1 + z * z / number
    return (middle - half) / scale, (middle + half) / scale
