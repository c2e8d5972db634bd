//! What is to go wrong in a test build. Compiled with the cargo feature `faults` only: no other build knows the variable.

use actors::{BadFaults, Faults};

/// The variable that says so: `POINT=ACT@N`, separated by commas.
pub(super) const VARIABLE: &str = "GIGAFACTORY_FAULTS";

/// Reads the faults. None where the variable is not set.
pub(super) fn read(env: &impl Fn(&str) -> Option<String>) -> Result<Faults, BadFaults> {
    env(VARIABLE).map_or_else(|| Ok(Faults::default()), |text| text.parse())
}
