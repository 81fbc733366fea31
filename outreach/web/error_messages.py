"""Says to a person, in the language of the page, why something was refused."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from outreach import formats, i18n
from outreach.audio.encoder import AudioFault
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import current, gettext
from outreach.imports.import_errors import CalendarAddressErrorCode, ImportErrorCode
from outreach.imports.sheets.file_types import ForeignFormat


def N_(message: str) -> str:
    """Marks a message for the catalogues; `say` translates it."""
    return message


MESSAGES: Final[Mapping[StrEnum, str]] = MappingProxyType(
    {
        # scheduling: what staff say of a workshop
        ErrorCode.HOUR_SKIPPED: N_(
            "Ese día el reloj se adelanta y no existen las %(hour)s: elige otra hora."
        ),
        ErrorCode.ENDS_AT_START: N_(
            "La hora de término es la misma que la de inicio. Cambia una de las dos."
        ),
        ErrorCode.CAPACITY_NEGATIVE: N_("Los lugares no pueden ser menos de cero."),
        ErrorCode.DISCRETION_PROMISED: N_(
            "Ya hay personas registradas a las que prometimos más discreción. Hasta el %(day)s solo"
            " puede subir; mientras tanto, clona el taller."
        ),
        ErrorCode.PUSHED_ELSEWHERE: N_(
            "Ya se publicó en otros sitios y de ahí no se puede borrar, así que no puede volverse"
            " discreto: clónalo y haz discreta la copia."
        ),
        ErrorCode.CAPACITY_BELOW_TAKEN: N_(
            "Ya hay %(taken)s lugares apartados. Pon %(taken)s o más."
        ),
        ErrorCode.VENUE_UNVERIFIED: N_(
            "La sede está sin verificar: llama a un número que encuentres por tu cuenta y márcalo"
            " en la página de la sede."
        ),
        ErrorCode.VENUE_MISSING: N_("Falta la sede. Elige una o di que es en línea."),
        ErrorCode.KIND_NOT_IN_COUNTRY: N_(
            "Este tipo de taller no se da en el país de la oficina. Elige otro tipo."
        ),
        ErrorCode.SERIES_OF_OTHER_OFFICE: N_("Esa serie es de otra oficina. Elige una de la tuya."),
        ErrorCode.LIMIT_WITHOUT_ACCOMMODATION: N_(
            "Hay un límite para un apoyo que este taller no da. Quita el límite."
        ),
        ErrorCode.OPENING_TOO_LATE: N_("Los lugares se abren al menos 1 día antes."),
        ErrorCode.RECONFIRMATION_OUT_OF_RANGE: N_(
            "Pregunta quién viene entre %(least)s y %(most)s días antes."
        ),
        ErrorCode.SLOT_TOO_SHORT: N_("Di cada cuántos minutos empieza una cita: 5 o más."),
        ErrorCode.SLOT_WITHOUT_PLACES: N_("Di cuántos lugares hay a cada hora: 1 o más."),
        ErrorCode.SLOTS_OVERBOOKED: N_("En las citas a una hora no se dan lugares de más."),
        ErrorCode.SLOT_TAKEN: N_("Alguien tiene la cita de las %(hour)s: deja esa hora como está."),
        ErrorCode.ACCOMMODATION_PROMISED: N_(
            "Ya se prometió apoyo a %(promised)s. Pon %(promised)s o más."
        ),
        ErrorCode.ADMISSION_IN_USE: N_(
            "Ya hay lugares apartados. La forma de entrar se queda como está."
        ),
        ErrorCode.FORM_DRAFT_TOO_LONG: N_("Es demasiado largo. Escribe menos."),
        ErrorCode.WORKSHOP_TEMPLATES_TOO_MANY: N_(
            "La oficina ya tiene %(most)s plantillas. Borra una."
        ),
        ErrorCode.MESSAGE_TEXTS_TOO_MANY: N_("La oficina ya tiene %(most)s textos. Borra uno."),
        ErrorCode.MESSAGE_TEXT_NEEDS_NAME: N_(
            "Ponle al texto un nombre de %(most)s letras o menos."
        ),
        ErrorCode.MESSAGE_TEXT_NAME_IN_USE: N_("Otro texto ya se llama así. Elige otro nombre."),
        ErrorCode.MESSAGE_TEXT_EMPTY: N_("No hay texto que guardar. Escríbelo primero."),
        ErrorCode.IMPORT_DRAFT_TOO_LARGE: N_("La hoja es demasiado grande. Tráela por partes."),
        ErrorCode.IMPORT_DRAFTS_TOO_MANY: N_(
            "La oficina tiene %(most)s hojas a medias. Termina o borra una."
        ),
        ErrorCode.CALENDAR_LINKS_TOO_MANY: N_(
            "La oficina ya tiene %(most)s calendarios por enlace. Quita uno."
        ),
        # publishing, cancelling and reporting a workshop
        ErrorCode.WORKSHOP_PAST: N_("Ese día y esa hora ya pasaron. Revisa la fecha."),
        ErrorCode.ADDRESS_EXPOSED: N_(
            "Es un taller discreto y todas las personas verían su dirección. Ocúltala primero."
        ),
        ErrorCode.FIELDS_MISSING: N_("Falta: %(fields)s. No se publicó."),
        ErrorCode.CANCEL_NEEDS_PUBLISHED: N_("Solo se cancela un taller publicado."),
        ErrorCode.CANCEL_AFTER_END: N_("Ya pasó. Di en su asistencia que no se hizo."),
        ErrorCode.CANCEL_NEEDS_NOTICE: N_(
            "Faltan menos de 7 días: hay que avisar a quien apartó lugar."
        ),
        ErrorCode.NOT_URGENT: N_(
            "Solo se avisa al momento si faltan menos de 24 horas. Elige «Avisar»."
        ),
        ErrorCode.DANGER_TOO_EARLY: N_(
            "Faltan más de 24 horas para que empiece. Si no se hace, cancélalo."
        ),
        ErrorCode.CLOSED_FOR_DANGER: N_(
            "La entrada está cerrada por peligro en la sede. Primero ábrela otra vez."
        ),
        ErrorCode.NOT_CLOSED_FOR_DANGER: N_("La entrada ya está abierta."),
        ErrorCode.UNDO_TOO_LATE: N_("Ya no se puede deshacer. Cambia el taller."),
        ErrorCode.UNDO_PUBLISHED_SINCE: N_(
            "Ya se publicó, y alguien pudo verlo. Si no se hace, cancélalo en su página."
        ),
        ErrorCode.UNDO_EDITED_SINCE: N_(
            "No se puede deshacer: alguien lo cambió después. Cámbialo a mano."
        ),
        ErrorCode.UNDO_APPROVED_SINCE: N_(
            "No se puede deshacer: después se aprobó a alguien. Cámbialo a mano."
        ),
        ErrorCode.UNDO_NOTIFIED_SINCE: N_(
            "No se puede deshacer: ya salieron avisos. Cámbialo otra vez y avisa de nuevo."
        ),
        ErrorCode.UNDO_WITH_OTHERS: N_(
            "Se queda como está: otro taller de ahí no se puede deshacer."
        ),
        ErrorCode.UNDO_REGISTERED_SINCE: N_(
            "No se puede deshacer: alguien apartó lugar después. Cámbialo otra vez y avísale."
        ),
        ErrorCode.WORKSHOP_NOT_CANCELLED: N_("Este taller no está cancelado."),
        ErrorCode.REPORT_NEEDS_PUBLISHED: N_("Solo se reporta un taller publicado."),
        ErrorCode.REPORT_TOO_EARLY: N_("Este taller todavía no empieza. Repórtalo cuando termine."),
        ErrorCode.ATTENDANCE_NEGATIVE: N_("Las personas no pueden ser menos de cero."),
        # bulk actions
        ErrorCode.BULK_ACTION_FAILED: N_("«%(title)s», %(day)s: %(cause)s No se hizo nada."),
        ErrorCode.NOT_A_DRAFT: N_("No es un borrador."),
        ErrorCode.DATE_PAST: N_("Su fecha ya pasó. Cámbiala primero."),
        ErrorCode.DELETE_NEEDS_DRAFT: N_(
            "Solo se borra un borrador que nunca se publicó. Este se puede cancelar."
        ),
        ErrorCode.DELETE_WITH_REGISTRATIONS: N_("Ya tiene personas registradas. No se borra."),
        ErrorCode.WORKSHOP_WITHOUT_VENUE: N_("No tiene sede: es en línea o por teléfono."),
        ErrorCode.DELETE_WITH_TEAM: N_("Tiene equipo. Quítalo primero, para que lo sepan."),
        ErrorCode.WORKSHOP_CANCELLED: N_("Está cancelado."),
        ErrorCode.WORKSHOP_STARTED: N_("Ya empezó o ya pasó."),
        ErrorCode.NEW_DATE_PAST: N_("Quedaría en una fecha que ya pasó."),
        ErrorCode.DURATION_IMPOSSIBLE: N_(
            "Duraría menos de un minuto, o un día entero. Cambia su hora de término."
        ),
        # recurrence
        ErrorCode.RECURRENCE_WITHOUT_END: N_("Di hasta qué día se repite, o cuántas veces más."),
        ErrorCode.RECURRENCE_WITHOUT_WEEKDAY: N_("Elige al menos un día de la semana."),
        ErrorCode.RECURRENCE_COUNT_OUT_OF_RANGE: N_(
            "Se hacen de 1 a %(most)s fechas de una vez. Escribe un número así."
        ),
        ErrorCode.RECURRENCE_TOO_FAR: N_(
            "La última fecha está muy lejos. Elige una de los próximos 3 años."
        ),
        ErrorCode.RECURRENCE_TOO_MANY_DATES: N_(
            "Son más de %(most)s fechas. Elige una última fecha más cercana."
        ),
        ErrorCode.RECURRENCE_WITHOUT_DATES: N_(
            "Así no sale ninguna fecha. Elige una última fecha más lejana."
        ),
        ErrorCode.DATE_FAILED: N_("El %(day)s: %(cause)s No se hizo nada."),
        # tours
        ErrorCode.TOUR_STOP_EXISTS: N_(
            "Esa parada ya está en la gira: el mismo día, a la misma hora y ahí mismo."
        ),
        ErrorCode.TOUR_WITH_TOO_MANY_STOPS: N_(
            "Una gira tiene hasta %(most)s paradas. Haz otra gira para las demás."
        ),
        ErrorCode.TOUR_STOP_EDIT_CANCELLED: N_(
            "Esta parada está cancelada. Reactívala antes de cambiarla."
        ),
        ErrorCode.TOUR_STOP_NEEDS_VENUE: N_(
            "Los talleres de esta parada ya tienen sede. Elige otra o deja la que está."
        ),
        ErrorCode.TOUR_STOP_KIND_IN_USE: N_(
            "Un tipo que quitaste ya tiene su taller aquí. Déjalo marcado."
        ),
        ErrorCode.TOUR_STOP_PUBLISH_CANCELLED: N_(
            "Esta parada está cancelada. Reactívala antes de publicarla."
        ),
        ErrorCode.TOUR_STOP_WITHOUT_VENUE: N_("%(city)s: falta la sede. No se publicó."),
        ErrorCode.TOUR_STOP_CANCELLED_ALREADY: N_("Esta parada ya está cancelada."),
        ErrorCode.TOUR_STOP_NOT_CANCELLED: N_("Esta parada no está cancelada."),
        ErrorCode.TOUR_STOP_WITHOUT_KIND: N_("Elige al menos un tipo de taller para esta parada."),
        ErrorCode.TOUR_STOP_WITH_TOO_MANY_KINDS: N_("Elige hasta %(most)s tipos para una parada."),
        ErrorCode.WORKSHOP_OF_CANCELLED_STOP: N_(
            "Su parada de la gira está cancelada. Reactívala primero."
        ),
        # the network, its venues, partners and accounts
        ErrorCode.OFFICE_SLUG_TAKEN: N_("Ese nombre corto ya es de otra oficina. Elige otro."),
        ErrorCode.KIND_CODE_TAKEN: N_("Ese código ya es de otro tipo. Elige otro."),
        ErrorCode.PLACE_NOT_CLEAR: N_(
            "No es un solo lugar. Escribe un código postal, o una ciudad y su estado."
        ),
        ErrorCode.PLACE_NAME_EXISTS: N_("Tu oficina ya agregó ese nombre."),
        ErrorCode.PLACE_NAME_UNCLEAR: N_("Un nombre tiene al menos tres letras."),
        ErrorCode.TOO_MANY_PLACE_NAMES: N_("Ya hay 200 nombres. Quita uno antes."),
        ErrorCode.VENUE_MERGED: N_(
            "La sede de ese nombre ahora es «%(name)s». Usa esa, o cambia el nombre."
        ),
        ErrorCode.VENUE_MERGE_ZONES: N_(
            "Las dos sedes tienen distinta hora local. Corrige primero la que esté mal."
        ),
        ErrorCode.VENUE_MERGE_SELF: N_("Elige otra sede: una no se une consigo misma."),
        ErrorCode.VENUE_MERGE_TOO_LATE: N_(
            "Ya pasó un día desde que se unieron, y no se puede deshacer. Agrega una sede nueva y "
            "pasa ahí los talleres que le tocan."
        ),
        ErrorCode.VENUE_MERGE_CHANGED: N_(
            "«%(name)s» se cambió después de unirlas, y deshacer borraría ese cambio. Agrega una "
            "sede nueva y pasa ahí los talleres que le tocan."
        ),
        ErrorCode.VENUE_MERGE_MERGED: N_(
            "«%(name)s» se unió después con otra. Deshaz eso primero."
        ),
        ErrorCode.VENUE_MERGE_NAME: N_(
            "Después de unirlas se agregó una sede con uno de los dos nombres. Cámbiale el nombre y "
            "deshaz otra vez."
        ),
        ErrorCode.VENUE_EXISTS: N_(
            "Ya hay una sede con ese nombre y esa dirección. Cambia el nombre."
        ),
        ErrorCode.MEETING_POINT_TELLS_ADDRESS: N_(
            "El punto de encuentro lo lee cualquiera: no escribas ahí el nombre ni la calle de la sede."
        ),
        ErrorCode.UNIT_ELSEWHERE: N_(
            "La unidad está a esa hora en otro taller, en otro lugar. Elige otra."
        ),
        ErrorCode.ASSIGNED_ALREADY: N_("Ya está en el equipo de este taller."),
        ErrorCode.ASSIGNMENT_RELEASED: N_("Ya no hace falta en este taller."),
        ErrorCode.MEMBER_ERASED: N_("Sus datos ya se borraron. Agrega a la persona otra vez."),
        ErrorCode.PARTNER_EXISTS: N_("Ya hay alguien con ese nombre. Usa ese, o cambia el nombre."),
        ErrorCode.ACCOUNT_IN_USE: N_(
            "Esa cuenta ya se usa o está suspendida: no necesita invitación."
        ),
        ErrorCode.ACCOUNT_OF_NETWORK: N_(
            "Esa cuenta la lleva quien administra la red. Pídeselo a esa persona."
        ),
        ErrorCode.ACCOUNT_OF_OTHER_OFFICE: N_(
            "Esa cuenta trabaja también en otra oficina. Pídeselo a quien administra la red."
        ),
        ErrorCode.OFFICE_OF_OTHERS: N_("Solo puedes invitar a tu propia oficina."),
        ErrorCode.OWN_ACCOUNT: N_("Es tu propia cuenta: eso lo hace otra persona."),
        ErrorCode.ROLE_OF_NETWORK: N_("Ese papel lo da quien administra la red."),
        ErrorCode.ACCOUNT_EXISTS: N_("Ya hay una cuenta con ese correo. Búscala en la lista."),
        ErrorCode.LAST_ADMINISTRATOR: N_(
            "Es la única cuenta que administra toda la red. Dale antes ese papel a otra persona."
        ),
        ErrorCode.ACCOUNT_WITHOUT_ROLE: N_(
            "Deja al menos un papel. Si ya no trabaja aquí, suspende la cuenta."
        ),
        ErrorCode.OWN_ACCOUNT_RESET: N_(
            "Tu propia cuenta la reinicia otra persona que administra."
        ),
        ErrorCode.ROLE_NEEDS_OFFICE: N_("Ese papel necesita una oficina. Elige en cuál trabaja."),
        ErrorCode.ROLE_NEEDS_NETWORK: N_(
            "El centro de llamadas trabaja para toda la red, y su cuenta no tiene otro papel."
        ),
        ErrorCode.OFFICE_UNKNOWN: N_("Esa oficina no existe. Elige una de la lista."),
        ErrorCode.VOICE_NOTE_OF_DISCREET: N_(
            "Lo que lleva discreción o esconde su dirección no tiene grabaciones."
        ),
        AudioFault.NOT_INSTALLED: N_(
            "Este servidor no puede convertir grabaciones. Pide a quien lo cuida que lo instale."
        ),
        AudioFault.TOO_LARGE: N_("Ese archivo es muy grande. Graba hasta 3 minutos."),
        AudioFault.UNKNOWN_FORMAT: N_(
            "Ese archivo no se puede leer como sonido. Prueba con otro, o grábalo aquí."
        ),
        AudioFault.TOO_LONG: N_("Dura más de 3 minutos. Graba algo más corto."),
        AudioFault.TOO_SHORT: N_("No se oye nada: dura menos de un segundo. Grábalo otra vez."),
        AudioFault.BUSY: N_(
            "Se está convirtiendo otra grabación. Espera un minuto y guarda otra vez."
        ),
        # attendees and check-in
        ErrorCode.ADDRESS_NOT_BY_APPROVAL: N_(
            "En este taller la dirección no se aprueba persona por persona."
        ),
        ErrorCode.APPROVAL_NEEDS_SEAT: N_(
            "Primero dale un lugar. Después puedes aprobar que vea la dirección."
        ),
        ErrorCode.CALL_NOT_OPENED: N_(
            "Abre primero la llamada. El número se le muestra a una sola persona al día."
        ),
        ErrorCode.MANIFEST_TOO_EARLY: N_("Lleva la puerta el día del taller, o un día antes."),
        ErrorCode.CHECKIN_LIST_TOO_EARLY: N_("La lista de la entrada se abre el %(day)s."),
        ErrorCode.WAITLIST_CHECKIN_TOO_EARLY: N_(
            "Deja pasar a quien espera cuando empiece el taller."
        ),
        ErrorCode.CHAIRS_TAKEN: N_("Ya no hay sillas libres para tantas personas."),
        ErrorCode.CHECKIN_NEEDS_PUBLISHED: N_("Solo se pasa lista en un taller publicado."),
        ErrorCode.CERTIFICATE_TOO_EARLY: N_("La constancia se hace cuando el taller ya pasó."),
        ErrorCode.FLYER_OF_CANCELLED: N_(
            "Este taller no se hace: ya no tiene volante. Quita los que hayas puesto."
        ),
        # messages to the people of a workshop
        ErrorCode.MESSAGE_NEEDS_PUBLISHED: N_(
            "Solo se escribe a la gente de un taller publicado o cancelado."
        ),
        ErrorCode.MESSAGE_TOO_LATE: N_("Este taller ya pasó. Ya no se mandan mensajes."),
        ErrorCode.MESSAGE_WITHOUT_REASON: N_("Elige qué pasó con los botones de la página."),
        ErrorCode.MESSAGE_TEXT_NOT_ALLOWED: N_(
            "Aquí solo se mandan los textos ya escritos. Quita el tuyo."
        ),
        ErrorCode.MESSAGE_TOO_LONG: N_("Es demasiado largo. Escribe %(most)s letras o menos."),
        ErrorCode.MESSAGE_WITH_LINK: N_(
            "Quita los enlaces y los correos. La carta ya lleva el de cada persona."
        ),
        ErrorCode.MESSAGE_WITHOUT_SPANISH: N_(
            "Escríbelo también en español: así lo lee quien no tiene su idioma."
        ),
        ErrorCode.MESSAGE_WITHOUT_BRING: N_(
            "Este taller no dice qué traer. Escríbelo en «Algo más»."
        ),
        ErrorCode.MESSAGE_SENT_TWICE: N_(
            "Ese mismo mensaje se envió hace unos minutos. No sale dos veces."
        ),
        ErrorCode.MESSAGE_REACHES_NOBODY: N_(
            "Nadie de ellos dejó correo ni teléfono. No hay a quién avisar."
        ),
        # months and bulletins
        ErrorCode.MONTH_NOT_OVER: N_(
            "Este mes no ha terminado. Ciérralo tres días después de su último día."
        ),
        ErrorCode.REVISION_WITHOUT_REASON: N_(
            "Este mes ya se cerró. Di el motivo para publicar otra revisión."
        ),
        ErrorCode.REVISION_WITHOUT_CHANGES: N_(
            "Nada ha cambiado desde la última revisión. No hace falta otra."
        ),
        ErrorCode.BULLETIN_WITHOUT_CORRECTION: N_(
            "Escribe qué se corrige y por qué. Se lee al principio de la nueva edición."
        ),
        ErrorCode.BULLETIN_FIGURES_CHANGED: N_(
            "Las cifras cambiaron. Guarda para traer las nuevas, léelas y publica."
        ),
        ErrorCode.BULLETIN_MONTH_NOT_CLOSED: N_(
            "Este mes no está cerrado. Ciérralo y luego haz el boletín."
        ),
        ErrorCode.BULLETIN_EMBARGOED: N_(
            "Las cifras de este mes aún no se publican. Publica el boletín después de su hora."
        ),
        ErrorCode.RELEASE_DAY: N_("Elige un día del %(first)s al %(last)s."),
        ErrorCode.BULLETIN_MONTH_REOPENED: N_(
            "Este mes está abierto otra vez. Ciérralo y luego sigue con el boletín."
        ),
        ErrorCode.BULLETIN_UNDO_TOO_LATE: N_(
            "No se puede deshacer: ya pasaron los 5 minutos. Haz una corrección."
        ),
        ErrorCode.BULLETIN_UNDO_SENT: N_(
            "No se puede deshacer: ya salieron correos. Haz una corrección."
        ),
        ErrorCode.BULLETIN_UNDO_CORRECTED: N_(
            "No se puede deshacer: alguien ya empezó una corrección."
        ),
        ErrorCode.REMINDERS_SENT: N_("No se puede deshacer: esos correos ya salieron."),
        # files of workshops
        ImportErrorCode.FILE_MISSING: N_("Ese archivo no existe."),
        ImportErrorCode.FILE_IS_FOLDER: N_("Eso es una carpeta."),
        ImportErrorCode.FILE_UNREADABLE: N_("No se puede leer."),
        ImportErrorCode.FILE_EMPTY: N_("El archivo está vacío. Elige otro."),
        ImportErrorCode.FILE_TOO_LARGE: N_(
            "El archivo pesa más de %(most)s MB. Sube solo la lista de talleres, o en partes."
        ),
        ImportErrorCode.FILE_OF_OTHER_FORMAT: N_(
            "Eso es %(format)s, no una lista. Sube un archivo CSV, XLSX o de calendario."
        ),
        ImportErrorCode.FILE_NOT_UTF8: N_(
            "El archivo no está en UTF-8 (renglón %(line)s). Guárdalo otra vez como «CSV UTF-8»."
        ),
        ImportErrorCode.FILE_WITH_NUL: N_(
            "El archivo no es de texto (renglón %(line)s). Guárdalo otra vez como «CSV UTF-8»."
        ),
        ImportErrorCode.FILE_WITH_TWO_MARKS: N_(
            "El archivo empieza con dos marcas. Guárdalo otra vez como «CSV UTF-8»."
        ),
        ImportErrorCode.TOO_MANY_COLUMNS: N_(
            "El archivo tiene más de %(most)s columnas. Deja solo las de la plantilla."
        ),
        ImportErrorCode.TOO_MANY_LINES: N_(
            "El archivo tiene más de %(most)s renglones. Súbelo en partes."
        ),
        ImportErrorCode.TOO_MANY_BLANK_LINES: N_(
            "El archivo tiene demasiados renglones vacíos. Bórralos y súbelo otra vez."
        ),
        ImportErrorCode.LINE_NOT_CSV: N_(
            "No se entiende el renglón %(line)s. Revisa sus comillas."
        ),
        ImportErrorCode.HEADER_MISSING: N_(
            "El primer renglón no tiene los nombres de las columnas. Baja la plantilla y llénala."
        ),
        ImportErrorCode.LINES_MISSING: N_(
            "El archivo tiene encabezado y ningún renglón debajo. Escribe un taller por renglón."
        ),
        # workbooks
        ImportErrorCode.WORKBOOK_OLD: N_(
            "El archivo es de un formato viejo (.xls). Guárdalo como .xlsx y súbelo otra vez."
        ),
        ImportErrorCode.WORKBOOK_DAMAGED: N_(
            "El libro está dañado o incompleto. Guárdalo otra vez desde tu hoja de cálculo."
        ),
        ImportErrorCode.WORKBOOK_NOT_IN_ZIP: N_(
            "Eso no es un libro de Excel. Guarda la hoja como .xlsx o como CSV."
        ),
        ImportErrorCode.WORKBOOK_LOCKED: N_(
            "El archivo tiene contraseña. Guárdalo sin contraseña y súbelo otra vez."
        ),
        ImportErrorCode.WORKBOOK_TOO_LARGE: N_(
            "El libro trae mucho más que una lista. Copia tus talleres a la plantilla y súbela."
        ),
        ImportErrorCode.WORKBOOK_WITH_DOCTYPE: N_(
            "El libro trae definiciones que no abrimos. Copia tus talleres a la plantilla."
        ),
        ImportErrorCode.WORKBOOK_WITH_MACROS: N_(
            "El libro trae macros, y esos no se abren. Copia tus talleres a la plantilla y súbela."
        ),
        ImportErrorCode.WORKBOOK_WITH_LINKS: N_(
            "El libro trae vínculos, y esos no se abren. Copia tus talleres a la plantilla y súbela."
        ),
        ImportErrorCode.WORKBOOK_WITH_EMBEDDED_FILES: N_(
            "El libro trae anexos, y esos no se abren. Copia tus talleres a la plantilla y súbela."
        ),
        ImportErrorCode.WORKBOOK_WITH_FORMULA: N_(
            "La celda %(cell)s tiene una fórmula. Pega ahí solo el valor."
        ),
        ImportErrorCode.WORKBOOK_WITH_ERROR_VALUE: N_(
            "La celda %(cell)s tiene un error. Escribe ahí el valor."
        ),
        # calendars
        ImportErrorCode.CALENDAR_CUT_OFF: N_(
            "El calendario está cortado: le falta el final. Expórtalo otra vez."
        ),
        ImportErrorCode.CALENDAR_EMPTY: N_(
            "El calendario no trae ningún evento. Elige otro archivo."
        ),
        ImportErrorCode.CALENDAR_TOO_LARGE: N_(
            "El calendario trae mucho más que una lista. Exporta solo los talleres."
        ),
        ImportErrorCode.CALENDAR_TOO_LARGE_AT_LINE: N_(
            "El calendario trae mucho más que una lista. Exporta solo los talleres."
        ),
        ImportErrorCode.CALENDAR_WITH_TOO_MANY_EVENTS: N_(
            "El calendario tiene más de %(most)s eventos. Súbelo en partes."
        ),
        ImportErrorCode.CALENDAR_END_UNMATCHED: N_(
            "El calendario está mal armado (renglón %(line)s). Expórtalo otra vez."
        ),
        ImportErrorCode.CALENDAR_TOO_DEEP: N_(
            "El calendario está mal armado (renglón %(line)s). Expórtalo otra vez."
        ),
        ImportErrorCode.CALENDAR_LINE_OUTSIDE: N_(
            "El renglón %(line)s está fuera del calendario. Expórtalo otra vez."
        ),
        ImportErrorCode.CALENDAR_LINE_UNREADABLE: N_(
            "No se entiende el renglón %(line)s del calendario. Expórtalo otra vez."
        ),
        ImportErrorCode.CALENDAR_LINE_TOO_LONG: N_(
            "El renglón %(line)s del calendario es demasiado largo. Expórtalo otra vez."
        ),
        ImportErrorCode.EVENT_REPEATS: N_("Se repite. Exporta cada fecha como un evento aparte."),
        ImportErrorCode.EVENT_WITHOUT_START: N_("No dice cuándo empieza. Ponle día y hora."),
        ImportErrorCode.EVENT_WITHOUT_END: N_("No dice a qué hora termina. Ponle hora de término."),
        ImportErrorCode.EVENT_WITHOUT_HOUR: N_("Es de todo el día. Ponle hora."),
        ImportErrorCode.EVENT_TIME_UNREADABLE: N_("No se entiende su día o su hora."),
        ImportErrorCode.EVENT_TIME_IMPOSSIBLE: N_("Ese día o esa hora no existe."),
        ImportErrorCode.EVENT_YEAR_UNLIKELY: N_("El año no parece bueno. Revísalo."),
        ImportErrorCode.EVENT_ZONE_CONTRADICTED: N_(
            "El archivo dice otra cosa de la hora de %(zone)s. Expórtalo otra vez."
        ),
        ImportErrorCode.EVENT_ZONE_UNKNOWN: N_(
            "No conocemos el huso horario «%(zone)s». Escribe uno como America/Chicago."
        ),
        # addresses of calendars
        CalendarAddressErrorCode.MALFORMED: N_(
            "Pega la dirección completa del calendario, con https:// o webcal:// al principio."
        ),
        CalendarAddressErrorCode.NOT_ENCRYPTED: N_(
            "Esa dirección empieza con http://. Pega la que empieza con https://."
        ),
        CalendarAddressErrorCode.WITH_SIGN_IN: N_(
            "La dirección lleva un usuario o una contraseña. Pide un enlace que no los lleve."
        ),
        CalendarAddressErrorCode.OF_THIS_SITE: N_(
            "Ese calendario es de este sitio: sus talleres ya están aquí. Pega otro."
        ),
        CalendarAddressErrorCode.NOT_PUBLIC: N_(
            "Solo leemos direcciones https que cualquiera puede abrir en internet. Pega otra."
        ),
        CalendarAddressErrorCode.SILENT: N_(
            "El calendario no contesta, o tarda demasiado. Prueba otra vez más tarde."
        ),
        CalendarAddressErrorCode.REDIRECTS: N_(
            "La dirección manda a otra y a otra, sin llegar. Copia de nuevo la del calendario."
        ),
        CalendarAddressErrorCode.NEEDS_SIGN_IN: N_(
            "El calendario pide contraseña. Compártelo con un enlace secreto y pega ese."
        ),
        CalendarAddressErrorCode.GONE: N_(
            "En esa dirección ya no hay un calendario. Copia la nueva y pégala."
        ),
        CalendarAddressErrorCode.FAILING: N_(
            "El sitio del calendario tiene una falla. Prueba otra vez más tarde."
        ),
        CalendarAddressErrorCode.CUT_OFF: N_(
            "El calendario llegó sin su final. Prueba otra vez más tarde."
        ),
        CalendarAddressErrorCode.TOO_LARGE: N_(
            "El calendario es demasiado grande. Pon los talleres en un calendario aparte."
        ),
        CalendarAddressErrorCode.NO_CALENDAR: N_(
            "Ahí no hay un calendario, sino otra cosa. Copia la dirección que termina en .ics."
        ),
        CalendarAddressErrorCode.EMPTY: N_(
            "El calendario no tiene ningún evento. Revisa que sea el de los talleres."
        ),
        CalendarAddressErrorCode.UNREADABLE_LINK: N_(
            "El enlace guardado ya no se puede leer. Quítalo y pégalo otra vez."
        ),
        CalendarAddressErrorCode.BUSY: N_(
            "Ahora se está leyendo otro calendario. Prueba otra vez en un minuto."
        ),
        # columns and cells
        ImportErrorCode.COLUMN_MISSING: N_(
            "Falta esta columna en el encabezado. Baja la plantilla."
        ),
        ImportErrorCode.COLUMN_TWICE: N_("Esta columna está dos veces. Quita una."),
        ImportErrorCode.CELLS_UNLIKE_HEADER: N_(
            "Tiene %(cells)s celdas y el encabezado %(columns)s. Revisa las comas."
        ),
        ImportErrorCode.VALUE_TWICE: N_("Ya está en el renglón %(line)s. Quita uno."),
        ImportErrorCode.VALUE_MISSING: N_("Está vacío. Escríbelo."),
        ImportErrorCode.VALUE_TOO_LONG: N_("Es demasiado largo. Escribe %(most)s letras o menos."),
        ImportErrorCode.VALUE_NOT_IN_LIST: N_("Escribe uno de estos: %(known)s."),
        ImportErrorCode.LANGUAGE_UNKNOWN: N_(
            "No conocemos «%(short)s». Escribe claves separadas por espacios, como «es en»."
        ),
        ImportErrorCode.NOT_TRUE_OR_FALSE: N_("Escribe sí o no."),
        ImportErrorCode.NOT_YES_OR_NO: N_("Escribe sí o no."),
        ImportErrorCode.LINK_MALFORMED: N_("Copia el enlace completo, con https://"),
        ImportErrorCode.NUMBER_NOT_WHOLE: N_("Escribe un número entero de 0 a %(most)s."),
        ImportErrorCode.NUMBER_NEGATIVE: N_("Escribe un número entero de 0 a %(most)s."),
        ImportErrorCode.NUMBER_TOO_LARGE: N_("Escribe un número entero de 0 a %(most)s."),
        ImportErrorCode.REGION_MALFORMED: N_("Escribe la clave del estado, como IL o MX-JAL."),
        ImportErrorCode.ZONE_MISSING: N_("Escribe el huso horario como America/Chicago."),
        ImportErrorCode.ZONE_UNKNOWN: N_("Escribe el huso horario como America/Chicago."),
        # lines of workshops
        ImportErrorCode.OFFICE_UNKNOWN: N_(
            "No conocemos esa oficina. Copia su clave de la plantilla."
        ),
        ImportErrorCode.OFFICE_NOT_IN_LIST: N_(
            "Esa oficina no es tuya. Escribe una de estas: %(offices)s."
        ),
        ImportErrorCode.KIND_UNKNOWN: N_("No conocemos ese tipo. Copia su clave de la plantilla."),
        ImportErrorCode.KIND_NOT_IN_COUNTRY: N_(
            "Ese tipo no se da en el país de la oficina. Elige otro."
        ),
        ImportErrorCode.SPANISH_TITLE_MISSING: N_(
            "Está vacío. Escribe el título en español: lo ve todo el mundo."
        ),
        ImportErrorCode.VENUE_MISSING: N_("Falta la sede. Escribe su nombre, o «en línea»."),
        ImportErrorCode.START_MISSING: N_(
            "Escribe el día y la hora del lugar, como 2027-01-31T18:30, de 00:00 a 23:59."
        ),
        ImportErrorCode.TIME_UNREADABLE: N_(
            "Escribe el día y la hora del lugar, como 2027-01-31T18:30, de 00:00 a 23:59."
        ),
        ImportErrorCode.HOUR_SKIPPED: N_(
            "Ese día el reloj se adelanta y esa hora no existe. Elige otra."
        ),
        ImportErrorCode.HOUR_DOUBLED: N_(
            "Ese día el reloj da esa hora dos veces. Escribe %(first)s o %(second)s."
        ),
        ImportErrorCode.OFFSET_WRONG: N_(
            "Ese lugar no tiene ese desfase de UTC a esa hora. Quítalo de la hora."
        ),
        ImportErrorCode.END_BEFORE_START: N_(
            "No es después de la hora de inicio. Revisa el día y la hora."
        ),
        ImportErrorCode.END_DAYS_LATER: N_("Dura un día o más. Pon un renglón por cada día."),
        # what cannot be done to a workshop as it stands
        ImportErrorCode.ID_NOT_ALLOWED: N_("Ese id no se puede usar aquí. Escribe otro."),
        ImportErrorCode.WORKSHOP_TWICE: N_(
            "Es el mismo taller que el del renglón %(line)s. Quita uno."
        ),
        ImportErrorCode.PUBLISHED_TO_DRAFT: N_(
            "Ya se publicó y no vuelve a ser borrador. Escribe published o cancelled."
        ),
        ImportErrorCode.REPORTED_ALREADY: N_("Ya se dijo cómo salió. Escribe published."),
        ImportErrorCode.ADMISSION_IN_USE: N_("Ya hay lugares apartados. Deja %(way)s."),
    }
)
_NAMES: Final[Mapping[StrEnum, str]] = MappingProxyType(
    {
        RequiredField.TITLE: N_("título"),
        RequiredField.VENUE: N_("sede"),
        RequiredField.VERIFIED_VENUE: N_("verificar la sede"),
        RequiredField.LINK: N_("enlace"),
        RequiredField.LANGUAGES: N_("idioma"),
        RequiredField.CAPACITY: N_("lugares"),
        RequiredField.PHONE: N_("teléfono"),
        ForeignFormat.PDF: N_("un PDF"),
        ForeignFormat.PICTURE: N_("una imagen"),
        ForeignFormat.GZIP: N_("un archivo comprimido"),
        ForeignFormat.SEVEN_ZIP: N_("un archivo comprimido"),
        ForeignFormat.RAR: N_("un archivo comprimido"),
        ForeignFormat.BZIP2: N_("un archivo comprimido"),
        ForeignFormat.XZ: N_("un archivo comprimido"),
        ForeignFormat.PROGRAM: N_("un programa"),
        ForeignFormat.RTF: N_("un documento"),
        ForeignFormat.WEB_PAGE: N_("una página web"),
    }
)


class _PageCode(StrEnum):
    REFUSED = "the page refused what it was sent"


class PageRefused(Refusal):
    """A page refuses what it was sent. It says so itself, in the language of the page."""

    def __init__(self, message: str) -> None:
        super().__init__(_PageCode.REFUSED)
        self.message = message


def say(error: Refusal) -> str:
    """The reason of a refusal as a whole sentence, in the language of the page."""
    if isinstance(error, PageRefused):
        return error.message
    values = {name: _say_value(each) for name, each in error.values.items()}
    return i18n.fill(gettext(MESSAGES[error.code]), values)


def say_fields(fields: Iterable[RequiredField]) -> str:
    """The names of fields as the form has them: «sede, teléfono»."""
    return ", ".join(gettext(_NAMES[each]) for each in fields)


def _say_value(value: object) -> object:
    if isinstance(value, Refusal):
        return say(value)
    if isinstance(value, time):
        return formats.hour(value, current())
    if isinstance(value, date):
        return f"{value.day}/{value.month}/{value.year}"
    if isinstance(value, StrEnum):
        return gettext(_NAMES[value])
    if isinstance(value, list):
        return say_fields(value)
    return value
