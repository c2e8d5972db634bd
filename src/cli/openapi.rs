//! `gigafactory openapi`: prints the document that the coordinator answers at `/api/openapi.json`.

use super::exit::Exit;
use super::failure::Failure;
use super::out::Out;
use crate::http;

/// Prints the document.
pub(super) fn run() -> Result<Exit, Failure> {
    let document = http::document(env!("CARGO_PKG_VERSION"));
    let text = document.to_pretty_json().map_err(std::io::Error::from)?;
    Out::new(true).line(&text)?;
    Ok(Exit::Done)
}
