CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  item TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  state TEXT NOT NULL DEFAULT 'new', -- new, reserved, shipped, refused
  created INTEGER NOT NULL DEFAULT (unixepoch())
);
CREATE INDEX orders_new ON orders (created) WHERE state = 'new';
