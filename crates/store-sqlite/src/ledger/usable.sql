-- What may still be used, whole and in one row: its digest stands in the newest signed head. Until a
-- head counts it there is none.
CREATE TABLE usable (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    body TEXT NOT NULL
) STRICT;
