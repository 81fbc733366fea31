"""Finds the kind of workshop that somebody means: «Conoce tus derechos», «Plática DACA», «VDS».

Names and codes are those of the database; other usual words for the kinds of the packaged list are
in `_OTHER_WORDS`, and answers given before come first. A kind is found where all of its words stand
in the text, or where a name is spelled almost so. Where two kinds are as likely, none is found.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from outreach.domain.network.kinds import Kind
from outreach.domain.text import fold
from outreach.imports.guess.word_lists import listed

MIN_LIKENESS: Final = 88.0  # per cent, of a name with typing slips
MIN_MARGIN: Final = 6.0  # before the next kind
MAX_LENGTH: Final = 160
MAX_CANDIDATES: Final = 4

# What says nothing of the kind.
_GENERIC: Final = listed(
    """taller talleres platica platicas charla charlas curso cursos sesion sesiones jornada jornadas
    conferencia seminario clase clases evento informativo informativa informativas informacion
    de del la las el los en para por sobre con a y e tu tus su sus un una al lo que gratis gratuito
    gratuita gratuitos virtual presencial linea online workshop workshops talk session class course
    seminar event info information the of for on about to in and your free atelier ateliers seance
    conference cours du des le les et sur pour d l un une comunidad community modulo parte
    introduccion conoce conocer conozca know connaissez otro otra other autre general
    abierto abierta nuevo especial mensual semanal sabado domingo"""
)


@dataclass(frozen=True)
class KindMatch:
    """The kind's code, if it is sure; else the codes that it may be."""

    code: str | None
    candidates: tuple[str, ...] = ()


class KindNames:
    """The names of all kinds, ready to be compared with texts."""

    def __init__(self, kinds: Iterable[Kind], remembered: Mapping[str, str]) -> None:
        listed_kinds = list(kinds)
        codes = {kind.code for kind in listed_kinds}
        self._remembered = {
            fold(words): code for words, code in remembered.items() if code in codes
        }
        self._whole: dict[str, str] = {}
        self._own_names: set[str] = set()
        doubled = set[str]()
        phrases: dict[tuple[str, ...], str] = {}
        for kind in listed_kinds:
            for name in _list_names(kind):
                self._own_names.add(name)
                if self._whole.setdefault(name, kind.code) != kind.code:
                    doubled.add(name)
            for name in _OTHER_WORDS.get(kind.code, ()):
                self._whole.setdefault(name, kind.code)
        for name in doubled:
            del self._whole[name]
        for name, code in self._whole.items():
            words = _tell_words(name)
            if words and phrases.setdefault(words, code) != code:
                phrases[words] = ""
        self._phrases = {words: code for words, code in phrases.items() if code}
        self._answers: dict[str, KindMatch] = {}

    def match(self, text: str) -> KindMatch:
        """The kind that a text means."""
        folded = fold(text[:MAX_LENGTH])
        if folded not in self._answers:
            self._answers[folded] = self._match(folded)
        return self._answers[folded]

    def is_name(self, text: str) -> bool:
        """Whether a text is a kind's name or another usual word for it, and nothing else."""
        return fold(text) in self._whole

    def is_own_name(self, text: str) -> bool:
        """Whether a text is a kind's code or name, as the database has it."""
        return fold(text) in self._own_names

    def says_something(self, text: str) -> bool:
        """Whether a text has a word that might tell a kind: «Plática» has none."""
        return bool(_tell_words(fold(text[:MAX_LENGTH])))

    def _match(self, folded: str) -> KindMatch:
        exact = self._remembered.get(folded) or self._whole.get(folded)
        if exact:
            return KindMatch(exact)
        words = _tell_words(folded)
        if not words:
            return KindMatch(None)
        if words in self._phrases:
            return KindMatch(self._phrases[words])
        contained = self._find_contained(words)
        if len(contained) == 1:
            return KindMatch(contained[0])
        return KindMatch(None, tuple(contained)) if contained else self._find_alike(words)

    def _find_contained(self, words: Sequence[str]) -> list[str]:
        """The kinds whose whole name is in the text; a name within another does not count."""
        have = set(words)
        found = {
            phrase: code
            for phrase, code in self._phrases.items()
            if all(any(_is_like(word, each) for each in have) for word in phrase)
        }
        longest = {
            phrase: code
            for phrase, code in found.items()
            if not any(set(phrase) < set(other) for other in found)
        }
        return list(dict.fromkeys(longest.values()))[:MAX_CANDIDATES]

    def _find_alike(self, words: Sequence[str]) -> KindMatch:
        """The kind with a name that is spelled almost like the text."""
        text = " ".join(words)
        scores: dict[str, float] = {}
        for phrase, code in self._phrases.items():
            score = fuzz.ratio(text, " ".join(phrase))
            scores[code] = max(scores.get(code, 0.0), score)
        ranked = sorted(scores.items(), key=lambda pair: -pair[1])
        if not ranked:
            return KindMatch(None)
        best, second = ranked[0][1], ranked[1][1] if len(ranked) > 1 else 0.0
        if best >= MIN_LIKENESS and best - second >= MIN_MARGIN:
            return KindMatch(ranked[0][0])
        near = [code for code, score in ranked if score >= MIN_LIKENESS - 14]
        return KindMatch(None, tuple(near[:MAX_CANDIDATES]))


def _list_names(kind: Kind) -> list[str]:
    names = (kind.code, kind.public_code, *kind.name.values(), *kind.short_name.values())
    # What stands in brackets explains the name: «DACA (Acción Diferida)».
    parts = (part for name in names for part in (name, name.partition("(")[0]))
    return [each for each in dict.fromkeys(fold(part) for part in parts) if each]


def _tell_words(folded: str) -> tuple[str, ...]:
    """The words of a text that tell its kind."""
    return tuple(
        dict.fromkeys(
            word for word in folded.split() if word not in _GENERIC and not word.isdigit()
        )
    )


def _is_like(one: str, other: str) -> bool:
    """Whether two words are one: in singular or plural, or with one typing slip."""
    if one == other or one + "s" == other or other + "s" == one:
        return True
    if one + "es" == other or other + "es" == one:
        return True
    return min(len(one), len(other)) >= 7 and OSA.distance(one, other, score_cutoff=1) <= 1


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(fold(each) for each in text.split("|"))


# Other words for the kinds of the packaged list (`imports/data/taxonomy.json`).
_OTHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "derechos": _phrases(
            """tarjeta roja|red card|red cards|derechos y redadas|ice raids|
            tus derechos ante ice|derechos civiles|vos droits|
            conoce tus derechos|know your rights|kyr|ctd|derechos|tus derechos|
            derechos migrantes|derechos de los migrantes|derechos humanos|connaissez vos droits|
            droits|your rights|qué hacer si te detienen|qué hacer ante una detención|
            qué hacer en caso de detención|redadas"""
        ),
        "diagnostico": _phrases(
            """diagnósticos migratorios|immigration clinic|orientación migratoria|
            asesoría migratoria|alternativas migratorias|immigration options|
            évaluation migratoire|diagnostic migratoire|
            diagnóstico|diagnósticos|diagnóstico legal|diagnóstico migratorio|screening|
            immigration screening|opciones migratorias|evaluación migratoria|
            revisión de caso migratorio|consulta migratoria"""
        ),
        "daca": _phrases(
            """renovaciones daca|clínica daca|
            daca|renovación de daca|renueva tu daca|dreamers|soñadores|acción diferida|
            deferred action|daca renewal"""
        ),
        "mujeres": _phrases(
            """círculo de mujeres|women s circle|violencia doméstica|
            violencia de género|violencia familiar|domestic violence|
            violence conjugale|empoderamiento femenino|
            mujeres|mujer|women|femmes|para mujeres|
            ventanilla de atención integral para la mujer|vaim|círculo de mujeres|
            mujeres migrantes"""
        ),
        "laboral": _phrases(
            """robo de salario|robo de salarios|robo de sueldo|wage theft|
            derechos de los trabajadores|trabajadores agrícolas|h2a|h 2a|
            farmworkers|osha|seguridad en el trabajo|vol de salaire|
            droits des travailleurs|acoso laboral|
            laboral|laborales|derechos laborales|derechos en el trabajo|derechos del trabajador|
            labor rights|workers rights|semana de derechos laborales|sdl|droits du travail|
            employment rights"""
        ),
        "asesoria_legal": _phrases(
            """orientación jurídica|orientación legal|consulta jurídica|
            consultas jurídicas|consulta con abogado|consultas con abogados|
            abogado en línea|free legal consultation|legal consultation|
            legal consultations|avis juridique|conseils juridiques|
            clinique juridique|
            asesoría legal|asesorías legales|asesoría jurídica|legal clinic|legal advice|pale|
            consulta legal|consultas legales|clínica legal|consultation juridique|
            asesoría con abogado"""
        ),
        "visa_u_vawa": _phrases(
            """visas humanitarias|trata de personas|human trafficking|
            visa u|visas u|visa t|vawa|u visa|t visa|visa u y vawa|víctimas de delitos|
            crime victims"""
        ),
        "plan_familiar": _phrases(
            """carta poder|custodia de los hijos|poder notarial para hijos|
            family plan|plan familial|plan de preparación familiar|
            familia preparada|
            plan familiar|plan de emergencia|plan de emergencia familiar|family preparedness|
            emergency plan|plan d urgence|preparación familiar|carta poder y plan familiar"""
        ),
        "doble_nacionalidad": _phrases(
            """acta de nacimiento|nacionalidad mexicana|mexican nationality|
            doble nacionalidad|registro civil|dual nationality|dual citizenship|
            double nationalité|actas de nacimiento|registro de nacimiento"""
        ),
        "ciudadania": _phrases(
            """n 400|n400|examen de ciudadanía|examen de naturalización|
            citizenship test|naturalisation|civics test|
            ciudadanía|naturalización|citizenship|naturalization|citoyenneté|
            clases de ciudadanía|hazte ciudadano"""
        ),
        "salud": _phrases(
            """presión arterial|glucosa|vacuna|mamografía|mamografías|nutrición|
            nutrition|salud bucal|salud visual|dental|primeros auxilios|first aid|
            cpr|cáncer de mama|breast cancer|vaccins|vaccination|foire santé|
            examen de la vista|covid|vih|hiv|seguro médico|health insurance|
            salud|vds|ventanilla de salud|health|health fair|feria de salud|santé|vacunas|
            vacunación|vaccines|flu shots|prevención de diabetes|diabetes"""
        ),
        "salud_mental": _phrases(
            """ansiedad|depresión|duelo|estrés|stress|anxiety|grief|depression|yoga|
            mindfulness|anxiété|gérer le stress|autoestima|
            salud mental|bienestar emocional|mental health|santé mentale|manejo del estrés|
            salud emocional|emotional wellbeing|bien être émotionnel"""
        ),
        "finanzas": _phrases(
            """presupuesto|presupuesto familiar|crédito|credit building|budgeting|
            credit|ahorro|ahorros|remesas|cuenta bancaria|cuentas de banco|
            bancarización|banking|declaración de impuestos|tax preparation|itins|
            éducation financière|impôts|compra de casa|homebuying|
            planeación financiera|vita|
            finanzas|vaf|ventanilla de asesoría financiera|educación financiera|
            finanzas personales|dinero y finanzas|taxes|impuestos|financial education|finances|
            money and finances|itin"""
        ),
        "educacion": _phrases(
            """fafsa|beca|ged|inea|prepa en línea|college readiness|college fair|
            bourse|alfabetización|plazas comunitarias|preparatoria en línea|
            educación para adultos|
            educación|becas|ime becas|education|scholarships|éducation|bourses|
            educación y becas|orientación educativa|ventanilla educativa|voe"""
        ),
        "anti_fraude": _phrases(
            """estafa|estafas|scam|scams|arnaques|fraudes migratorios|notario fraud|
            robo de identidad|identity theft|
            fraude|fraudes|anti fraude|antifraude|prevención de fraudes|fraud|
            fraud prevention|notarios fraude|prévention des fraudes"""
        ),
        "retorno": _phrases(
            """regreso a méxico|retorno|retorno a méxico|returning to mexico|
            retour au mexique"""
        ),
        "consulado_movil": _phrases(
            """jornada móvil|jornada consular|consulado itinerante|
            consulado móvil|consulado sobre ruedas|sobre ruedas|mobile consulate|
            consulat mobile"""
        ),
        "jornada_sabatina": _phrases(
            """jornada sabatina|sabatina|saturday service|saturday service day|
            journée du samedi"""
        ),
        "dialogo": _phrases(
            """diálogo con la comunidad|diálogo comunitario|diálogo|puertas abiertas|
            open doors|community dialogue|open house|dialogue communautaire"""
        ),
        "lenguas": _phrases(
            """lengua indígena|lenguas indígenas|indigenous language|indigenous languages|
            langue autochtone|mixteco|zapoteco|náhuatl|purépecha"""
        ),
    }
)
_KNOWN_PHRASES: Final = frozenset(
    words for names in _OTHER_WORDS.values() for name in names if (words := _tell_words(name))
)


def names_kind(text: str) -> bool:
    """Whether a text has a usual name of a kind of the packaged list; without the database."""
    have = set(fold(text[:MAX_LENGTH]).split())
    return any(have.issuperset(words) for words in _KNOWN_PHRASES)


def find_end(text: str) -> int:
    """Returns where the name of a kind ends that the text begins with; 0 if there is none."""
    found = 0
    for word in re.finditer(r"\S+", text[:MAX_LENGTH]):
        words = _tell_words(fold(text[: word.end()]))
        if words in _KNOWN_PHRASES:
            found = word.end()
    return found
