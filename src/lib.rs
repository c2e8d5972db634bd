//! The composition root and its edges.
