//! `gigafactory weights`: shows what the terms of the score weigh, changes some of it, or sets all of it back.
//! Reads, changes what is named, and writes the whole back under its revision.

use std::str::FromStr;

use clap::Subcommand;
use comfy_table::Table;
use domain::dispatch::{self, SomeWeights, Term};
use wire::{Tagged, Weight, Weights};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::table;

/// What about weights.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    order: Option<Order>,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Changes what some terms weigh; the others stay as they are.
    Set {
        /// A term and what it is to weigh: 0 to 1000000, with at most three decimals.
        #[arg(value_name = "TERM=NUMBER", required = true)]
        weights: Vec<One>,
    },
    /// Sets every term back to what it usually weighs.
    Reset,
}

/// What one term is to weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct One(Term, Weight);

impl FromStr for One {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (word, number) = text.split_once('=').ok_or("must be TERM=NUMBER, such as age=200")?;
        let terms = || Term::ALL.map(Term::as_str).join(", ");
        let term = Term::of(word).ok_or_else(|| format!("{word:?} is no term of the score: {}", terms()))?;
        number.parse().map(|weight| Self(term, weight)).map_err(|bad: wire::weights::BadWeight| bad.to_string())
    }
}

/// Shows the weights, or those that the order has led to.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let shown = match args.order {
        None => desk.client.weights().await?.record,
        Some(Order::Reset) => desk.client.set_weights(&Weights::default(), None).await?.record,
        Some(Order::Set { weights }) => {
            let Tagged { mut record, etag } = desk.client.weights().await?;
            record.0.extend(weights.into_iter().map(|One(term, Weight(weight))| (term, weight)));
            // Whoever changes them at the same time changes others: neither change may get lost.
            desk.client.set_weights(&record, etag.as_deref()).await?.record
        }
    };
    if desk.out.json {
        desk.out.record(&shown)?;
    } else {
        desk.out.table(rows(&shown.0))?;
    }
    Ok(Exit::Done)
}

fn rows(weights: &SomeWeights) -> Table {
    let usual = dispatch::Weights::default();
    let mut rows = table(&["term", "weight", "usual"]);
    for (term, weight) in weights {
        rows.add_row([term.as_str().to_owned(), Weight(*weight).to_string(), Weight(usual.of(*term)).to_string()]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_term_and_a_number() {
        let read = |text: &str| text.parse::<One>().map(|One(term, weight)| format!("{} {weight}", term.as_str()));
        assert_eq!(read("criticalPath=2.50"), Ok("criticalPath 2.5".to_owned()));
        assert_eq!(read("age=0"), Ok("age 0".to_owned()));
        for (text, says) in [
            ("age", "must be TERM=NUMBER"),
            ("mood=1", "\"mood\" is no term of the score: priority, age, "),
            ("age=-1", "must be a number from 0"),
            ("age=", "must be a number from 0"),
            ("age=1=2", "must be a number from 0"),
        ] {
            assert!(read(text).unwrap_err().starts_with(says), "{text}");
        }
    }

    #[test]
    fn what_is_usual_stands_beside_what_is() {
        let weights = [(Term::Age, dispatch::Weight::of_thousandths(1_500).unwrap())].into_iter().collect();
        let rows = rows(&weights).trim_fmt();
        assert_eq!(rows.split_whitespace().collect::<Vec<_>>(), ["TERM", "WEIGHT", "USUAL", "age", "1.5", "200"]);
    }
}
