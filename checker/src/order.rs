//! The words of an operator's order as a print: once as it was asked, once as the log says that it was carried out.
//! Owns which words belong to which order; what differs is for the rules.

use serde::Deserialize;

use crate::deed::Action;
use crate::text::{Text, print};

/// The reviewer where an approval names none.
const NOBODY: &str = "operator";

/// Every word that an order may carry, in a request or in an event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words<'a> {
    #[serde(borrow)]
    note: Option<Text<'a>>,
    fresh: Option<bool>,
    #[serde(rename = "final")]
    for_good: Option<bool>,
    reason: Option<Text<'a>>,
    /// In a request.
    by: Option<Text<'a>>,
    /// In an event.
    reviewer: Option<Text<'a>>,
    text: Option<Text<'a>>,
}

/// What an order asks for. None: it cannot be read.
pub(crate) fn asked(action: Action, body: Option<&str>) -> Option<u64> {
    let words = serde_json::from_str(body.unwrap_or("{}")).ok()?;
    Some(said(action, &words))
}

/// What an event says was ordered. None: it is not of an order, or cannot be read.
pub(crate) fn logged(kind: &str, data: &str) -> Option<u64> {
    let action = match kind {
        "job.requeued" => Action::Requeue,
        "job.rejected" => Action::Reject,
        "job.cancelled" => Action::Cancel,
        "job.approved" => Action::Approve,
        "job.answered" => Action::Answer,
        _ => return None,
    };
    asked(action, Some(data))
}

fn said(action: Action, words: &Words<'_>) -> u64 {
    let yes = |word: Option<bool>| word.unwrap_or_default();
    let text = |word: &Option<Text<'_>>| word.as_ref().map(|text| text.as_str().to_owned());
    match action {
        Action::Requeue => print(&(yes(words.fresh), text(&words.note))),
        Action::Reject => print(&(yes(words.for_good), text(&words.note))),
        Action::Cancel => print(&text(&words.reason)),
        Action::Approve => {
            let reviewer = text(&words.reviewer).or_else(|| text(&words.by));
            print(&(reviewer.unwrap_or_else(|| NOBODY.to_owned()), text(&words.note)))
        }
        Action::Answer => print(&text(&words.text)),
        Action::Ship => 0,
    }
}
