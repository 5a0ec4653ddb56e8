//! What the marketplace costs, beside the least that the same bytes could cost.
//!
//! Criterion measures; what counts is the table of ratios printed at the end.

mod batching;
mod catalog;
mod http;
mod lists;
mod orders;
mod ratios;
mod relay;
mod sample;

use criterion::Criterion;
use mimalloc::MiMalloc;

use ratios::Ratios;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let output = std::env::temp_dir().join("ticketing-benches");
    let mut criterion = Criterion::default().configure_from_args().output_directory(&output);
    let mut ratios = Ratios::new(output);
    orders::bench(&mut criterion, &mut ratios);
    relay::bench(&mut criterion, &mut ratios);
    lists::bench(&mut criterion, &mut ratios);
    catalog::bench(&mut criterion, &mut ratios);
    http::bench(&mut criterion, &mut ratios);
    criterion.final_summary();
    ratios.print();
    batching::print();
}
