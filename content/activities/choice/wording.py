"""Faults in how the options of a choice are worded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content.activities.choice.tasklist import TaskList

MAX_LENGTH_RATIO = 1.6
SHORT_OPTION = 20
"""Up to this many characters the length of an option tells nothing."""
_ALL_OF = re.compile(r"\b(?:all|none|both) of the (?:above|below)\b", re.IGNORECASE)


def option_faults(read: TaskList, line: int, most: int) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the options of a choice that begins on `line` and may have `most` of them."""
    options = read.options
    if not read.question.html:
        yield line, "the choice has no question. Write it above the options, after a blank line."
    if not options:
        return
    right = [o for o in options if o.right]
    wrong = [o for o in options if not o.right]
    if not right:
        yield options[0].line, "no option is right. Mark at least one with '- [x]'."
    if not wrong:
        yield options[0].line, "no option is wrong. Write at least one error people make as '- [ ]'."
    if len(options) > most:
        yield options[most].line, f"{len(options)} options; at most {most} are allowed. Keep the errors people make most."
    seen: dict[str, int] = {}
    for option in options:
        if not option.shown.html:
            yield option.line, "an option is empty. Write its text behind the box."
        elif option.id in seen:
            yield option.line, f"this option reads the same as the one on line {seen[option.id]}. Change or remove one."
        seen.setdefault(option.id, option.line)
        if not option.right and (option.feedback is None or not option.feedback.html):
            yield option.line, "a wrong option has no feedback. Name the misconception in an indented '> ...' below it."
        if _ALL_OF.search(option.text):
            yield (
                option.line,
                f"'{_ALL_OF.findall(option.text)[0]}' tests reading and not the skill. Ask with several right options.",
            )
    longest = max((len(o.text) for o in wrong), default=0)
    for option in right if wrong else ():
        if len(option.text) > SHORT_OPTION and len(option.text) > MAX_LENGTH_RATIO * longest:
            yield (
                option.line,
                (
                    f"the right option has {len(option.text)} characters and the longest wrong one {longest}: that tells. "
                    f"Shorten it to at most {int(MAX_LENGTH_RATIO * longest)}, or write fuller wrong ones."
                ),
            )
