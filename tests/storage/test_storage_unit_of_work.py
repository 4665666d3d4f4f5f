"""The unit of work itself: nothing without a commit, few statements, two processes, both databases."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError

from engine.domain.errors import ConfigurationError, NotFound
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.database import open_database
from engine.storage.tables.people import tenants
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, World, event, new_id, presentation, response, seed
from tests.storage.statements import statements

ANSWER_STATEMENTS = {"postgresql": 5, "sqlite": 6}
"""SQLite writes figures and state in two statements; PostgreSQL in one."""


def test_leaving_without_a_commit_rolls_back(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown = presentation(world.enrolment.id)
    with uow_factory() as uow:
        uow.record.add_presentation(shown)
    with uow_factory() as uow, pytest.raises(NotFound):
        uow.record.presentation(shown.id, world.enrolment.id)


def test_an_error_rolls_back_what_came_before_it(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown = presentation(world.enrolment.id)

    def fail() -> None:
        with uow_factory() as uow:
            uow.record.add_presentation(shown)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with uow_factory() as uow, pytest.raises(NotFound):
        uow.record.presentation(shown.id, world.enrolment.id)


def test_a_rollback_undoes_what_followed_the_commit(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    kept, undone = presentation(world.enrolment.id), presentation(world.enrolment.id, decided_seq=1)
    with uow_factory() as uow:
        uow.record.add_presentation(kept)
        uow.commit()
        uow.record.add_presentation(undone)
        uow.rollback()
        uow.commit()
    with uow_factory() as uow:
        assert list(uow.record.presentations(world.enrolment.id)) == [kept]


def test_it_is_a_unit_of_work_of_the_domain(uow_factory: UnitOfWorkFactory) -> None:
    unit: UnitOfWork = uow_factory()
    assert unit.record is not None


def test_a_savepoint_that_is_released_commits_nothing(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow, uow.session.begin_nested():
        uow.record.add_presentation(presentation(world.enrolment.id))
    with uow_factory() as uow:
        assert uow.record.presentations(world.enrolment.id) == []


def test_a_write_behind_a_with_clause_is_part_of_the_transaction(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    chosen = select(tenants.c.id).cte("chosen")
    rename = update(tenants).where(tenants.c.id.in_(select(chosen.c.id))).values(name="other").add_cte(chosen)
    with uow_factory() as uow:
        uow.session.execute(rename)
    with uow_factory() as uow:
        assert uow.session.execute(select(tenants.c.name)).scalars().all() == ["North"]


def test_what_is_not_committed_is_seen_by_nobody_else(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown = presentation(world.enrolment.id)
    with uow_factory() as writer, uow_factory() as reader:
        writer.record.add_presentation(shown)
        assert reader.record.presented(world.enrolment.id, 0, "m1") is None
        writer.commit()
        assert reader.record.presented(world.enrolment.id, 0, "m1") == shown


def _answer(uow: UnitOfWork, world: World, shown_id: str) -> None:
    """Do to the record what taking an answer does."""
    state = uow.enrolments.lock(world.enrolment.id, world.tenant_id)
    shown = uow.record.presentation(shown_id, world.enrolment.id)
    seq = state.enrolment.seq + 1
    uow.courses.version(state.enrolment.course_version_id)
    uow.record.add_response(world.enrolment.id, response(shown, seq), answer={}, reply={}, misconception=None)
    uow.enrolments.save(replace(state.enrolment, seq=seq), state.mastery, replace(state.path, seq=seq))
    uow.record.add_adjustments(world.enrolment.id, seq, [], NOW)
    uow.record.add_milestones([], NOW)
    uow.outbox.add([event(world.enrolment.id), event(world.enrolment.id)])
    uow.commit()


def _answers(uow_factory: UnitOfWorkFactory, world: World, first: int, number: int) -> Sequence[int]:
    counts: list[int] = []
    for decided in range(first, first + number):
        with uow_factory() as uow:
            shown = uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=decided))
            uow.commit()
        with statements(uow_factory.engine) as sent, uow_factory() as uow:
            _answer(uow, world, shown.id)
        counts.append(len(sent))
    return counts


def test_an_answer_takes_few_statements_however_long_the_history(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    allowed = ANSWER_STATEMENTS[uow_factory.engine.dialect.name]
    first, *rest = _answers(uow_factory, world, 0, 12)
    # The first one also reads the course version, once a process.
    assert first == allowed + 1
    assert rest == [allowed] * 11


def test_writers_at_once_all_succeed(uow_factory: UnitOfWorkFactory) -> None:
    worlds = [seed(uow_factory, f"tenant{n}") for n in range(8)]
    failures: list[BaseException] = []

    def work(world: World) -> None:
        try:
            _answers_uncounted(uow_factory, world, 6)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(world,)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with uow_factory() as uow:
        assert [len(uow.record.responses(w.enrolment.id)) for w in worlds] == [6] * 8


def _answers_uncounted(uow_factory: UnitOfWorkFactory, world: World, number: int) -> None:
    for decided in range(number):
        with uow_factory() as uow:
            shown = uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=decided))
            uow.commit()
        with uow_factory() as uow:
            _answer(uow, world, shown.id)


COUNT_UP = """
import sys
from dataclasses import replace
from engine.storage.database import open_database
from engine.storage.tables.people import tenants
from engine.storage.unit_of_work import UnitOfWorkFactory
url, enrolment_id, tenant_id, steps = sys.argv[1:]
engine = open_database(url)
uows = UnitOfWorkFactory(engine)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(steps)):
    with uows() as uow:
        state = uow.enrolments.lock(enrolment_id, tenant_id)
        seq = state.enrolment.seq + 1
        uow.enrolments.save(replace(state.enrolment, seq=seq), state.mastery, replace(state.path, seq=state.path.seq + 1))
        uow.commit()
engine.dispose()
"""


def test_two_processes_lose_no_step(uow_factory: UnitOfWorkFactory, database_url: str) -> None:
    world, steps = seed(uow_factory), 40
    command = [sys.executable, "-c", COUNT_UP, database_url, world.enrolment.id, world.tenant_id, str(steps)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0, 0]
    with uow_factory() as uow:
        state = uow.enrolments.get(world.enrolment.id, world.tenant_id)
    assert (state.enrolment.seq, state.path.seq) == (2 * steps, 2 * steps)


DIE = """
import os, sys
from engine.storage.database import open_database
from engine.storage.tables.people import tenants
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import presentation
uow = UnitOfWorkFactory(open_database(sys.argv[1]))()
uow.record.add_presentation(presentation(sys.argv[2], decided_seq=0))
uow.commit()
uow.record.add_presentation(presentation(sys.argv[2], decided_seq=1))
os.kill(os.getpid(), 9)
"""


def test_a_killed_process_leaves_what_it_committed_and_no_more(uow_factory: UnitOfWorkFactory, database_url: str) -> None:
    world = seed(uow_factory)
    killed = subprocess.run([sys.executable, "-c", DIE, database_url, world.enrolment.id], check=False, timeout=60)
    assert killed.returncode == -9
    with uow_factory() as uow:
        assert [p.decided_seq for p in uow.record.presentations(world.enrolment.id)] == [0]
        uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=1))
        uow.commit()


def test_sqlite_is_durable_checked_and_shared(sqlite_url: str) -> None:
    engine: Engine = open_database(sqlite_url)
    with engine.connect() as connection:
        pragma = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "foreign_keys", "synchronous")
        }
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    engine.dispose()
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}


@pytest.mark.parametrize(
    ("url", "says"), [("sqlite://", "memory"), ("sqlite:///:memory:", "memory"), ("mysql://u@h/d", "'mysql' is not supported")]
)
def test_other_databases_are_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        open_database(url)


def test_ids_of_nobody_change_nothing(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        uow.enrolments.save(replace(world.enrolment, id=new_id(), seq=7), world.state.mastery, world.state.path)
        assert uow.enrolments.get(world.enrolment.id, "north") == world.state


def test_an_error_tells_no_parameters(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow, pytest.raises(DBAPIError) as caught:
        uow.session.execute(text("SELECT 1 FROM nowhere WHERE name = :name"), {"name": "Ada Byron"})
    assert "nowhere" in str(caught.value)
    assert "Ada Byron" not in str(caught.value)
