//! Runnable examples of the marketplace library.
