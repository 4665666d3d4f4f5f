"""The sentences of the pages: a reason's code and figures put into words, minutes, dates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from engine.domain.catalog import CourseVersion
from engine.domain.known import Prospect
from engine.domain.mastery import Band
from engine.domain.pacing import Mode, Reason
from engine.domain.plan import Finish
from engine.domain.replies import Card, Reply

REASONS: Final[dict[str, str]] = {
    "teach.next": "The next step of this module.",
    "teach.not_sure": "You were right on “{skill}”, but that is not enough to be sure, so its lesson comes{score}.",
    "practice.next": "Practice on “{skill}”{score}.",
    "practice.near_challenge": "Practice on “{skill}”, picked to be a fair challenge{score}.",
    "practice.repeat": "Every question on “{skill}” has come up, so the one you saw longest ago comes again{score}.",
    "probe.skill_entry": "A question before the lesson on “{skill}”: if you know it, you skip ahead; if not, its lesson comes.",
    "probe.one_more": "You were right on “{skill}”. Another right answer may let you skip the lesson{score}.",
    "review.due": "From “{module}”, {ago}: is “{skill}” still there?",
    "review.carried_over": "Carried over from “{module}”: another question on “{skill}” may show that you can do it{score}.",
    "retry.one_more_try": "A second try at the same question. It costs nothing.",
    "test_out.item": "You said that you know “{skill}”. "
    "It closes after three or four right answers in a row; you have {right}.",
    "test_out.prove": "Proving “{skill}” takes three or four right answers in a row; you have {right}. "
    "What you finished stays finished; the mark follows your answers.",
    "test_out.one_more": "All right on “{skill}” so far. One more right answer makes it sure.",
    "help.worked_example": "A worked example on “{skill}”, because the questions were hard so far{score}.",
    "help.worked_example_again": "Look again at the example on “{skill}”, because the questions were hard so far{score}.",
    "help.prerequisite": "A look back at what “{skill}” builds on, because the questions were hard so far{score}.",
    "help.prerequisite_again": "Look again at what “{skill}” builds on, because the questions were hard so far{score}.",
    "help.instructor": "Your instructor can see that help with “{skill}” is welcome{score}.",
    "skip.known": "You showed that you know “{skill}” before the lesson{score}.",
    "skip.tested_out": "You got {of_words} questions on “{skill}” right in a row.",
    "skip.seen_by_instructor": "Your instructor saw you do “{skill}”.",
    "undo.skip": "You asked for the lesson on “{skill}” back. It is not skipped again in this module.",
    "take_back.by_instructor": "Your instructor took their mark on “{skill}” back, so it stands as it was before.",
    "show_anyway.asked": "You asked to see it.",
    "close.mastered": "You have shown that you can do “{skill}”{score}.",
    "close.time_spent": "You gave “{skill}” the time it has in this module{score}. It may come back in a later one.",
    "close.pool_spent": "You have answered every question on “{skill}” in this module{score}.",
    "close.proved_later": "Coming back to “{skill}” showed that you can do it{score}.",
    "stop.carried_over": "You gave this module its time for now. What is left waits for your next visit.",
    "finished.module": "Everything in this module is done.",
    "finished.course": "Everything in this course is done.",
}
"""A sentence for each reason code of the policies; a test walks them to see that none is missing.

`{score}` brings its colon along and is empty before the first answer.
"""

WIDE: Final = 2.0
"""A range whose ends, as they are read, lie farther apart than this factor is not told by its ends."""

WIDE_RANGE: Final = 4
"""Of 10 questions: a range from here on is called wide."""

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

OTHER_REASON: Final = "Your course's pacing chose it next."

CARD_TITLES: Final[dict[str, str]] = {
    "skip.known": "You skip ahead: {skill}",
    "skip.tested_out": "Tested out: {skill}",
    "skip.seen_by_instructor": "Marked as done: {skill}",
    "help.worked_example": "Added for you: a worked example",
    "help.worked_example_again": "Added for you: another look at the example",
    "help.prerequisite": "Added for you: a look back",
    "help.prerequisite_again": "Added for you: a look back",
    "undo.skip": "Back on your path: {skill}",
    "take_back.by_instructor": "As before your instructor's mark: {skill}",
    "close.proved_later": "Proved: {skill}",
}

CLOSED: Final[dict[str, str]] = {
    "done": "done",
    "mastered": "mastered",
    "skipped": "skipped",
    "tested_out": "tested out",
    "practised": "practised",
    "waived": "waived",
}

MODES: Final[dict[Mode, tuple[str, str]]] = {
    "gentle": ("Gentle", "Easier questions, about 85 in 100 right."),
    "recommended": ("Recommended", "A fair challenge, about 75 in 100 right."),
    "fast": ("Fast", "Harder questions, about 65 in 100 right."),
}

TIMES: Final[dict[str, str]] = {
    "1": "Usual time",
    "1.25": "A quarter more time",
    "1.5": "Half as much again",
    "2": "Twice the time",
    "untimed": "No time limits",
}

PURPOSES: Final[dict[str, str]] = {
    "teach": "Lesson",
    "probe": "Question before the lesson",
    "practice": "Practice",
    "retry": "Second try",
    "worked_example": "Worked example",
    "prerequisite": "Look back",
    "review": "Review",
    "test_out": "Test out",
    "show_anyway": "Asked for",
}

BANDS: Final[dict[Band, str]] = {
    "new": "Not enough evidence",
    "learning": "Learning",
    "nearly": "Nearly there",
    "mastered": "Mastered",
    "refresh": "Needs a refresh",
}

GOOD_STOP: Final = "a good place to stop"
"""Said in place of what is left, once a module has had its minutes."""

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def reason_words(reason: Reason, version: CourseVersion) -> str:
    """Return why something was decided, as a sentence; codes of other people's policies get a general one."""
    return _filled(REASONS.get(reason.code, OTHER_REASON), reason.facts, version)


def next_words(reply: Reply, version: CourseVersion) -> str:
    """Return what comes after an answer: a lesson by its title, everything else by its reason."""
    coming = version.activities.get(reply.next_activity_id or "")
    if reply.next_reason.code == "teach.next" and coming is not None:
        return f"“{coming.title}”."
    return reason_words(reply.next_reason, version)


def claim_over_words(skill_id: str, coming: Reason, version: CourseVersion, *, again: bool) -> str:
    """Return that “I know this” has ended without a skip, what comes instead, and that it can be said again where it can."""
    goes_on = "its lesson comes now" if coming.code.startswith("teach.") else "you go on with it as before"
    over = f"“I know this” is over for “{skill_title(skill_id, version)}” this time: {goes_on}."
    return f"{over} You can say it again when you like." if again else over


def card_title(card: Card, version: CourseVersion) -> str:
    """Return what a pacing card says has changed."""
    fallback = {"skip": "You skip ahead", "insert": "Added for you"}.get(card.kind, "Your path changed")
    return _filled(CARD_TITLES.get(card.reason.code, fallback), card.reason.facts, version)


def rest_words(steps: int, skills: int) -> str:
    """Return what is left of a module, as its steps and the skills to practise."""
    parts = [_counted(steps, "step", "steps")] if steps else []
    parts += [f"practice on {_counted(skills, 'skill', 'skills')}"] if skills else []
    return " and ".join(parts)


def _counted(count: int, one: str, many: str) -> str:
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {one if count == 1 else many}"


def skill_title(skill_id: object, version: CourseVersion) -> str:
    """Return a skill's title, or its id where the version has no such skill."""
    skill = version.skills.get(str(skill_id))
    return str(skill_id) if skill is None else skill.title


def score_words(right: object, of: object) -> str:
    """Return a count of first tries in words."""
    if not isinstance(right, int) or not isinstance(of, int) or of == 0:
        return "no answers that count yet"
    return f"{right} of {of} right at the first try"


def right_words(right: int, of: int) -> str:
    """Return how many answers count for a skill, in words; "" where none do."""
    if of == 0:
        return ""
    counted = "1 answer counts" if of == 1 else f"{of} answers count"
    return f"{counted}, {right} of them right." if of > 1 else f"{counted}, and it was {'right' if right else 'not right'}."


def range_words(low: float, high: float) -> str:
    """Return how many of 10 typical questions would be right, in words; a wide range is told as the guess it is.

    Args:
        low, high: ends of the share right that holds in about 80 of 100 cases, in [0, 1].
    """
    ends = round(low * 10), round(high * 10)
    told = f"{ends[0]}" if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    if ends[1] - ends[0] < WIDE_RANGE:
        return f"Of 10 typical questions you would likely get {told} right."
    return f"Of 10 typical questions you would likely get {told} right: a wide guess, which more answers narrow."


def prospect_words(prospect: Prospect) -> str:
    """Return what would change a skill's band, as a sentence."""
    n, which = prospect.answers, "right" if prospect.right else "wrong"
    answers = f"One more {which} answer" if n == 1 else f"{_NUMBERS[n].capitalize()} {which} answers in a row"
    return f"{answers} would make it “{BANDS[prospect.band]}”."


def time_key(factor: float | None) -> str:
    """Return the name of an accommodation by its factor; None means untimed."""
    return "untimed" if factor is None else f"{factor:g}"


def ago_words(days: object) -> str:
    """Return how long ago something was, in words."""
    if not isinstance(days, int) or days <= 0:
        return "earlier today"
    if days == 1:
        return "yesterday"
    return f"{_NUMBERS[days] if days < len(_NUMBERS) else days} days ago"


def whole_minutes(seconds: float) -> int:
    """Return authored seconds as whole minutes, up, at least 1 where anything is left."""
    return math.ceil(seconds / 60 - 1e-9)


def time_words(low_s: float, middle_s: float, high_s: float) -> str:
    """Return a range of time in words: one wider than a factor of 2 is told by its middle alone; "" for nothing."""
    if middle_s <= 0:
        return ""
    low, high = math.floor(low_s / 60), math.ceil(high_s / 60)
    if high > WIDE * low or low >= high:
        # From half an hour on in steps of five minutes, which promises no more than is known.
        return about_minutes(middle_s if middle_s < 30 * 60 else 300 * round(middle_s / 300))
    return f"{low} to {high} minutes"


def time_left_words(low_s: float, middle_s: float, high_s: float) -> str:
    """Return the range of time that is left, in words."""
    told = time_words(low_s, middle_s, high_s)
    return f"{told} left" if told else "nothing left"


def most_words(most_s: float, *, visit: bool) -> str:
    """Return the most that is left of a module, or of a visit to it, in words."""
    minutes = max(1, math.ceil(most_s / 60))
    return f"at most {minutes} {'minute' if minutes == 1 else 'minutes'} left{' in this visit' if visit else ''}"


def about_minutes(seconds: float) -> str:
    """Return a length of time in words."""
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} {'minute' if minutes == 1 else 'minutes'}"


def back_words(minutes: int, skips: int, *, ended: bool) -> str:
    """Return what skips gave back, as a heading; `ended` where the page may be opened long after them."""
    told = f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    if ended:
        which = "Your last skip here" if skips == 1 else "Your last skips here"
        return f"{which} gave {told} back" if minutes else "What you knew was skipped"
    return f"You just got {told} back" if minutes else "You skip ahead"


def day(when: date | datetime, locale: str | None) -> str:
    """Return a date as a reader of this locale writes it; a locale nobody knows reads English."""
    return format_date(when, "long", locale=_known(locale))


def near_day(when: date, today: date, locale: str | None) -> str:
    """Return a date as a reader of this locale writes it, with its year only where it is another one."""
    return day(when, locale) if when.year != today.year else format_skeleton("MMMMd", when, locale=_known(locale))


def _known(locale: str | None) -> Locale:
    try:
        return Locale.parse((locale or "en").replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def finish_words(finish: Finish, today: date, locale: str | None) -> str:
    """Return when a plan is likely to be through: between the day with even chances and the one with nine in ten."""
    if finish.even_on is None:
        return "more than two years from now"
    even = near_day(finish.even_on, today, locale)
    if finish.likely_on is None:
        return f"after {even}"
    likely = near_day(finish.likely_on, today, locale)
    return f"by {even}" if even == likely else f"between {even} and {likely}"


def _filled(sentence: str, facts: Mapping[str, Any], version: CourseVersion) -> str:
    of = facts.get("of")
    values = {
        "skill": skill_title(facts.get("skill", "this skill"), version),
        "right": facts.get("right", 0),
        "of_words": _NUMBERS[of] if isinstance(of, int) and 0 <= of < 7 else of,
        "score": f": {score_words(facts.get('right'), of)}" if of else "",
        "module": next((m.title for m in version.modules if m.id == facts.get("module")), "an earlier module"),
        "ago": ago_words(facts.get("days")),
    }
    return sentence.format_map(values)
