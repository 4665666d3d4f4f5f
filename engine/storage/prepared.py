"""Statements of the hot paths: compiled once, then sent to the driver as they are.

SQLAlchemy prepares each execution anew, which costs more than the database's own work on a row. A prepared statement keeps the
SQL and the conversions of its types; the transaction, the errors and the engine's listeners stay SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Select, UpdateBase

Convert = Callable[[Any], Any]


class Answer(NamedTuple):
    """What a statement brought: its rows, whose values are read by name, and how many rows it wrote."""

    rows: Sequence[Any]
    rowcount: int

    def first(self) -> Any:
        """Return the first row, None without one."""
        return self.rows[0] if self.rows else None


@dataclass(frozen=True, slots=True)
class _Writing:
    """A statement in the words of one database.

    Args:
        constants: values that stand in the statement itself.
        parameters: name and conversion of each value, in the order of the SQL.
    """

    sql: str
    positional: bool
    constants: Mapping[str, Any]
    parameters: Sequence[tuple[str, Convert | None]]

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Return the driver's parameters. Raises KeyError where one was not given."""
        given = {**self.constants, **values}
        if self.positional:
            return [given[name] if convert is None else convert(given[name]) for name, convert in self.parameters]
        return {name: given[name] if convert is None else convert(given[name]) for name, convert in self.parameters}


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the rows of one database's driver become rows.

    Args:
        row: makes a row of its values.
        conversions: position and conversion of each value that does not come as it should.
    """

    row: Callable[[Sequence[Any]], Any]
    conversions: Sequence[tuple[int, Convert]]

    def read(self, fetched: Sequence[Any]) -> Any:
        """Return a row with the values of its types."""
        values = list(fetched)
        for position, convert in self.conversions:
            values[position] = convert(values[position])
        return self.row(values)


class Prepared:
    """A statement without lists to expand and without defaults made in Python; `Transaction.send` runs it."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        self._statement = statement
        self._writing: dict[Dialect, _Writing] = {}
        self._reading: dict[Dialect, _Reading] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Answer:
        """Send the statement in a connection's running transaction.

        Raises:
            DBAPIError: the kinds that SQLAlchemy raises, such as IntegrityError.
        """
        dialect = connection.dialect
        writing = self._writing.get(dialect)
        if writing is None:
            writing = self._writing[dialect] = _writing(self._statement, dialect)
        sql, parameters = writing.sql, writing.bound(values)
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        try:
            for tell in connection.engine.dispatch.before_cursor_execute:
                tell(connection, cursor, sql, parameters, None, False)
            cursor.execute(sql, parameters)
            if cursor.description is None:
                return Answer((), cursor.rowcount)
            reading = self._reading.get(dialect)
            if reading is None:
                reading = self._reading[dialect] = _reading(self._statement, dialect, cursor.description)
            return Answer([reading.read(row) for row in cursor.fetchall()], cursor.rowcount)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, driver, cursor):
                connection.invalidate(error)
            any_error: Any = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(sql, parameters, error, any_error, hide_parameters=True) from error
        finally:
            cursor.close()


def _writing(statement: Select[*tuple[Any, ...]] | UpdateBase, dialect: Dialect) -> _Writing:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError(f"This statement differs from one execution to the next; run it by SQLAlchemy: {compiled}")
    converts = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    names = list(converts) if compiled.positiontup is None else compiled.positiontup
    return _Writing(
        sql=str(compiled),
        positional=compiled.positiontup is not None,
        constants={name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required},
        parameters=[(name, converts[name]) for name in names],
    )


def _reading(statement: Select[*tuple[Any, ...]] | UpdateBase, dialect: Dialect, description: Sequence[Any]) -> _Reading:
    """Return how rows are read; the driver's description tells the kind of each column."""
    columns = list(statement.exported_columns)
    row: Any = namedtuple("Row", [str(column.key) for column in columns])  # type: ignore[misc] # known when it runs
    converts = [
        column.type.dialect_impl(dialect).result_processor(dialect, told[1])
        for column, told in zip(columns, description, strict=True)
    ]
    return _Reading(row._make, [(position, convert) for position, convert in enumerate(converts) if convert is not None])
