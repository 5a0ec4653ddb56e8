//! The `ticketing` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Requests and events are many small values, made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ticketing_server::cli::main()
}
