//! What the marketplace promises as a whole: its wire format and its shape.

mod architecture;
mod wire;
