//! Stores, outboxes and parking lots of the marketplace in MongoDB.
