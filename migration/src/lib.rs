//! Frozen schema migrations
