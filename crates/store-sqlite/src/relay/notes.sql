-- How far the others are, as their enforcer says, sealed: one beside each exchange that waits.
CREATE TABLE note (
    exchange INTEGER PRIMARY KEY REFERENCES exchange ON DELETE CASCADE,
    content TEXT NOT NULL
) STRICT;
