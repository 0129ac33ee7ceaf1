"""Is a file of SQLite whole?"""

import sqlite3
from contextlib import closing
from pathlib import Path


def damage(file: Path) -> str:
    """What SQLite says of a database that is damaged; nothing for one that is whole or missing."""
    if not file.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            told = [text for (text,) in connection.execute("PRAGMA integrity_check(3)")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        told = [str(error)]
    return "" if told == ["ok"] else "; ".join(told)
