-- When others are asked in place of those of the round that is asked now.
ALTER TABLE request ADD COLUMN step_ends INTEGER;
