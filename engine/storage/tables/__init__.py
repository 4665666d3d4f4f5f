"""The tables, one module a noun; `engine.storage.schema` gathers them on one MetaData."""
