-- The keys of a grain type in the order of their bytes, for lists. Of columns that never change: a write of a record does not touch it.
CREATE INDEX orleansstorage_keys ON orleansstorage (serviceid, graintypestring, (grainidextensionstring COLLATE "C"));
