//! What is to be made: a submit with all that is below it, a batch, children for a job that is there.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Ask;
use crate::fact::name;
use crate::names::{Name, Names};
use crate::text::{Text, print};

/// A submit, or an entry of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submit {
    pub(crate) key: Option<Name>,
    /// The job that it is to be a part of.
    pub(crate) parent: Option<Name>,
    /// The keys of all that is to be made below it.
    pub(crate) below: Vec<Option<Name>>,
    /// The print of the text of the body: equal ones ask for the same.
    pub(crate) same: u64,
    /// The print of members without which it is surely another submit.
    pub(crate) other: u64,
}

impl Submit {
    pub(super) fn read(body: &str, names: &mut Names) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct SubmitText<'a> {
            #[serde(default, borrow)]
            idempotency_key: Option<Text<'a>>,
            #[serde(default)]
            title: Option<Text<'a>>,
            #[serde(default)]
            body_md: Option<Text<'a>>,
            #[serde(default)]
            parent_id: Option<Text<'a>>,
            #[serde(default)]
            children: Option<Vec<&'a RawValue>>,
        }
        match serde_json::from_str::<SubmitText<'_>>(body) {
            Ok(text) => Self {
                key: name(text.idempotency_key.as_ref(), names),
                parent: name(text.parent_id.as_ref(), names),
                below: below(text.children.as_deref().unwrap_or_default(), names),
                same: print(&body),
                other: print(&(&text.title, &text.body_md)),
            },
            Err(_) => Self { same: print(&body), other: print(&body), ..Self::default() },
        }
    }
}

/// The keys of jobs and of all that is below them.
fn below(jobs: &[&RawValue], names: &mut Names) -> Vec<Option<Name>> {
    let mut keys = Vec::new();
    for job in jobs {
        let Submit { key, below, .. } = Submit::read(job.get(), names);
        keys.push(key);
        keys.extend(below);
    }
    keys
}

/// Reads children for a job. None: they are none.
pub(super) fn adopt(parent: Name, body: &str, names: &mut Names) -> Option<Ask> {
    #[derive(Deserialize)]
    struct ChildrenText<'a> {
        #[serde(borrow)]
        children: Vec<&'a RawValue>,
    }
    let text: ChildrenText<'_> = serde_json::from_str(body).ok()?;
    Some(Ask::Adopt(parent, below(&text.children, names)))
}

/// Reads a batch. None: it is none.
pub(super) fn batch(body: &str, names: &mut Names) -> Option<Ask> {
    #[derive(Deserialize)]
    struct BatchText<'a> {
        #[serde(borrow)]
        jobs: Vec<&'a RawValue>,
    }
    let text: BatchText<'_> = serde_json::from_str(body).ok()?;
    Some(Ask::Batch(text.jobs.iter().map(|entry| Submit::read(entry.get(), names)).collect()))
}
