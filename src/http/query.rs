//! Reads query strings.
//! Every parameter is taken as text and read by name, so that a refusal can say which it was.

use std::str::FromStr;

use actix_web::web::Query;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};
use wire::Problem;

/// Reads a query string. Refuses parameters that are not known, or given twice.
pub(super) fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let read = Query::<T>::from_query(query).map(Query::into_inner);
    read.map_err(|error| Problem::invalid("", format!("the query string is not understood: {error}")))
}

/// A parameter that is a number or an id.
pub(super) fn parsed<T: FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| refused(name, "is not understood"))
}

/// A parameter that is one of a few words.
pub(super) fn word<'de, T: Deserialize<'de>>(name: &str, text: &'de str) -> Result<T, Problem> {
    T::deserialize(StrDeserializer::<Error>::new(text)).map_err(|error| refused(name, &error.to_string()))
}

/// A parameter that is a number of at most `max`. Refuses a larger one.
pub(super) fn up_to(name: &str, text: &str, max: u64) -> Result<u64, Problem> {
    let number: u64 = parsed(name, text)?;
    if number > max { Err(refused(name, &format!("must be 0 to {max}"))) } else { Ok(number) }
}

/// Refuses a parameter.
pub(super) fn refused(name: &str, detail: &str) -> Problem {
    Problem::invalid(format!("/{name}"), detail)
}
