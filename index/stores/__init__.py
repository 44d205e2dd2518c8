"""The two stores at rest: DuckDB holds facts, Chroma holds vectors. One truth each, written together by `writer`."""
