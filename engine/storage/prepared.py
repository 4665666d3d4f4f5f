"""Statements of the hot paths: compiled once, then sent to the driver as they are.

SQLAlchemy prepares each execution anew, which costs more than the database's own work on a row. A prepared statement keeps the
SQL and the conversions of its types; the transaction, the errors and the engine's listeners stay SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Select, UpdateBase

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement brought: its rows, whose values are read by name, and how many rows it wrote."""

    rows: Sequence[Any]
    rowcount: int

    def first(self) -> Any:
        """Return the first row, None without one."""
        return self.rows[0] if self.rows else None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in the words of one database.

    Args:
        constants: values that stand in the statement itself.
        parameters: name and conversion of each value, in the order of the SQL.
        row: makes a row of its values; None where the statement returns none.
        conversions: position and conversion of each value that does not come as it should.
    """

    sql: str
    positional: bool
    constants: Mapping[str, Any]
    parameters: Sequence[tuple[str, Convert | None]]
    row: Callable[[Sequence[Any]], Any] | None
    conversions: Sequence[tuple[int, Convert]]

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Return the driver's parameters. Raises KeyError where one was not given."""
        given = {**self.constants, **values}
        if self.positional:
            return [given[name] if convert is None else convert(given[name]) for name, convert in self.parameters]
        return {name: given[name] if convert is None else convert(given[name]) for name, convert in self.parameters}

    def read(self, fetched: Sequence[Any]) -> Any:
        """Return a row of the driver with the values of its types."""
        values = list(fetched)
        for position, convert in self.conversions:
            values[position] = convert(values[position])
        return values if self.row is None else self.row(values)


class Prepared:
    """A statement without lists to expand and without defaults made in Python; `Transaction.send` runs it."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[Dialect, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Answer:
        """Send the statement in a connection's running transaction.

        Raises:
            DBAPIError: the kinds that SQLAlchemy raises, such as IntegrityError.
        """
        dialect = connection.dialect
        compiled = self._compiled.get(dialect)
        if compiled is None:
            compiled = self._compiled[dialect] = _compile(self._statement, dialect)
        sql, parameters = compiled.sql, compiled.bound(values)
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        try:
            for tell in connection.engine.dispatch.before_cursor_execute:
                tell(connection, cursor, sql, parameters, None, False)
            cursor.execute(sql, parameters)
            rows = () if compiled.row is None else [compiled.read(row) for row in cursor.fetchall()]
            return Answer(rows, cursor.rowcount)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, driver, cursor):
                connection.invalidate(error)
            any_error: Any = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(sql, parameters, error, any_error, hide_parameters=True) from error
        finally:
            cursor.close()


def _compile(statement: Select[*tuple[Any, ...]] | UpdateBase, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError(f"This statement differs from one execution to the next; run it by SQLAlchemy: {compiled}")
    columns = list(statement.exported_columns)
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    writers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    row: Any = namedtuple("Row", [str(column.key) for column in columns]) if columns else None
    names = list(writers) if compiled.positiontup is None else compiled.positiontup
    return _Compiled(
        sql=str(compiled),
        positional=compiled.positiontup is not None,
        constants={name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required},
        parameters=[(name, writers[name]) for name in names],
        row=None if row is None else row._make,
        conversions=[(position, reader) for position, reader in enumerate(readers) if reader is not None],
    )
