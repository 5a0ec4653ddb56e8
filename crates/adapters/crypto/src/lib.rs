//! Passwords by argon2id and access tokens signed with Ed25519.
