CREATE TABLE notes (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  length INTEGER NOT NULL,
  ready INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE pieces (
  id TEXT PRIMARY KEY, -- its vector's, too
  note TEXT NOT NULL REFERENCES notes (id),
  number INTEGER NOT NULL,
  text TEXT NOT NULL
);

CREATE INDEX pieces_of_a_note ON pieces (note);
