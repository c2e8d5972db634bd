//! The program: everything that it does begins in `gigafactory::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gigafactory::cli::main()
}
