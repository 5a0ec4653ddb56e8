//! Every promise of its ports, kept by the real engine.
