//! The `ticketing` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ticketing_server::cli::main()
}
