//! Every port of the marketplace in memory: the reference an adapter author reads.
