"""Test data: a tour with stops that are drafts, published, cancelled and without a venue."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network import offices
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import TourStopData
from tests.conftest import a_saturday, venue

INDIANA = "Indiana/Indianapolis"
CITIES = ("Waukegan", "Rockford", "South Bend", "Gary")


def make(store: Store, *, now: datetime) -> dict[str, str]:
    """Returns the paths of the tour and of one of its stops."""
    with store.change() as session:
        chicago = offices.find(session, "chicago")
        tour = tours.add(session, chicago, "Ruta del norte", "touring", now=now)
        for number, city in enumerate(CITIES):
            zone = ZoneInfo(f"America/{INDIANA}" if city == "South Bend" else "America/Chicago")
            has_venue = city != "Gary"
            stop = tours.add_stop(
                session,
                tour,
                TourStopData(
                    day=a_saturday() + timedelta(days=number),
                    starts=time(9),
                    ends=time(15),
                    city=city,
                    region="IL",
                    venue=venue(session, chicago, f"Parroquia de {city}", city=city, zone=zone)
                    if has_venue
                    else None,
                    kinds=Codes(["derechos", "mujeres"]),
                ),
                now=now,
            )
            if has_venue and number:
                tours.publish_stop(session, stop, now=now, phone="312 555 0142")
            if city == "Rockford":
                tours.cancel_stop(session, stop, now=now)
        tour_path = f"/org/giras/chicago/{tour.id}"
        return {"tour": tour_path, "stop": f"{tour_path}/parada/{stop.id}"}
