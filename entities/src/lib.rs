//! SeaORM entities, one file a table, no logic
