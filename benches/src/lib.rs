//! Benchmarks of the marketplace as ratios against bare baselines.
