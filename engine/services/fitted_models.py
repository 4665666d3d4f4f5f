"""The models of stored fits and earlier releases that a process holds, and which of them it asked for in vain."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from engine.domain.ports import MasteryModel

ASKED_AGAIN = timedelta(minutes=1)
"""What was nowhere to be had is looked for again after so long: a fit may come back."""


class FittedModels:
    """The models of other versions than the installed ones that a process used last; a version's numbers never change.

    Args:
        limit: how many are kept, and how many misses.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, str], MasteryModel] = OrderedDict()
        self._missed: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, name: str, version: str) -> MasteryModel | None:
        """Return a model that is held."""
        with self._guard:
            model = self._held.get((name, version))
            if model is not None:
                self._held.move_to_end((name, version))
            return model

    def put(self, model: MasteryModel) -> None:
        """Hold a model, letting go of the one not used for longest."""
        with self._guard:
            self._held[model.name, model.version] = model
            self._held.move_to_end((model.name, model.version))
            while len(self._held) > self._limit:
                self._held.popitem(last=False)

    def missed(self, name: str, version: str, now: datetime) -> bool:
        """Return whether a version was asked for in vain a moment ago."""
        with self._guard:
            at = self._missed.get((name, version))
            return at is not None and now < at + ASKED_AGAIN

    def miss(self, name: str, version: str, now: datetime) -> bool:
        """Remember that a version is nowhere to be had; return whether that is news."""
        with self._guard:
            news = (name, version) not in self._missed
            self._missed[name, version] = now
            self._missed.move_to_end((name, version))
            while len(self._missed) > self._limit:
                self._missed.popitem(last=False)
            return news

    def ask_again(self, name: str, version: str) -> None:
        """Look for a version at once when it is asked for next, though it was missed."""
        with self._guard:
            if (name, version) in self._missed:
                self._missed[name, version] -= ASKED_AGAIN
