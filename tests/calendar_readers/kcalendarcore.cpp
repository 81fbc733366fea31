// The events of calendars as KCalendarCore reads them; see by_kcalendarcore.py.
#include <KCalendarCore/ICalFormat>
#include <KCalendarCore/MemoryCalendar>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTimeZone>
#include <cstdio>

int main()
{
    QFile in, out;
    if (!in.open(stdin, QIODevice::ReadOnly) || !out.open(stdout, QIODevice::WriteOnly)) {
        return 1;
    }
    QJsonArray calendars;
    for (const auto &text : QJsonDocument::fromJson(in.readAll()).array()) {
        KCalendarCore::MemoryCalendar::Ptr calendar(
            new KCalendarCore::MemoryCalendar(QTimeZone::utc()));
        KCalendarCore::ICalFormat format;
        if (!format.fromString(calendar, text.toString())) {
            fprintf(stderr, "no calendar\n");
            return 2;
        }
        QJsonArray events;
        for (const auto &event : calendar->rawEvents()) {
            events.append(QJsonArray{
                event->uid(),
                event->dtStart().toSecsSinceEpoch(),
                event->dtEnd().toSecsSinceEpoch(),
            });
        }
        calendars.append(events);
    }
    out.write(QJsonDocument(calendars).toJson(QJsonDocument::Compact));
}
