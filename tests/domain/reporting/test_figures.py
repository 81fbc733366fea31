"""The order of the series of typed figures."""

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.reporting import figures
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = fixed_clock

OCTOBER = Month(2026, 10)


def test_series_of_one_position_are_in_order_of_their_codes(store: Store) -> None:
    series = [("pasaportes", 2, None), ("visas", 1, None), ("matrículas", 2, None)]
    parts = [("visas-b", 3, "visas"), ("visas-a", 3, "visas")]
    with store.change() as session:
        for code, position, whole in (*series, *parts):
            session.add(
                FigureSeries(
                    code=code, position=position, label={"es": code}, unit="casos",
                    provided_by="SRE", part_of=whole,
                )
            )  # fmt: skip
            session.flush()
            session.add(
                MonthlyFigure(
                    month=OCTOBER.number, series=code, value=5, source="SRE", entered_at=FIXED_NOW
                )
            )
    with store.read() as session:
        listed = [each.code for each in figures.list_series(session)]
        assert listed == ["visas", "visas-a", "visas-b", "matrículas", "pasaportes"]
        by_position = ["visas", "matrículas", "pasaportes", "visas-a", "visas-b"]
        typed = [whole.code for whole, _figure in figures.list_figures(session, OCTOBER)]
        assert typed == by_position
        assert [row.code for row in figures.list_values(session, OCTOBER)] == by_position
