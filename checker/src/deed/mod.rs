//! A request and its answer, condensed. How they are read is in `ask` and `reply`; what they mean is for the checks.

mod ask;
mod reply;
mod submit;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::evidence::Op;
use crate::fact::Unreadable;
use crate::names::{Name, Names};
use crate::shown::Spec;
use crate::words::Code;

pub(crate) use ask::{Action, Ask, Claim, Fence, Report};
pub(crate) use reply::{Beat, Entry, Held, Reply};
pub(crate) use submit::Submit;

/// A request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) invoked: u64,
    /// The answer's stamp; the largest number where none came.
    pub(crate) returned: u64,
    /// When it was asked and answered by the coordinator's clock.
    pub(crate) at: i64,
    pub(crate) until: i64,
    /// How often it may have been delivered.
    pub(crate) sent: u32,
    pub(crate) ask: Ask,
    pub(crate) status: u16,
    pub(crate) code: Code,
    pub(crate) fate: Fate,
    pub(crate) reply: Reply,
}

/// What its answer says became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was carried out.
    Done,
    /// It was refused: by the state, or by its form.
    Refused,
    /// Nothing was done: overload, a full disk.
    NotDone,
    /// Nobody can say.
    Unknown,
}

/// A request as it stands in a history, borrowed or owned.
pub(crate) struct Told<'a> {
    pub(crate) product: &'a str,
    pub(crate) invoked: u64,
    pub(crate) returned: Option<u64>,
    pub(crate) at: i64,
    pub(crate) until: Option<i64>,
    pub(crate) sent: u32,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a str>,
    pub(crate) status: Option<u16>,
    pub(crate) answer: Option<&'a str>,
}

impl<'a> From<&'a Op> for Told<'a> {
    fn from(op: &'a Op) -> Self {
        Self {
            product: &op.product,
            invoked: op.invoked,
            returned: op.returned,
            at: op.at,
            until: op.until,
            sent: op.sent,
            method: &op.method,
            path: &op.path,
            body: op.body.as_deref().map(RawValue::get),
            status: op.status,
            answer: op.answer.as_deref().map(RawValue::get),
        }
    }
}

/// Takes in the specs of the jobs that an answer shows.
pub(crate) type Specs<'a> = dyn FnMut(Name, u64, &str, &mut Names) -> Result<(), Unreadable> + 'a;

impl Deed {
    /// Reads a request and its answer. What an answer shows that cannot be read is told apart.
    pub(crate) fn read(told: &Told<'_>, names: &mut Names, specs: &mut Specs<'_>) -> (Self, Option<Unreadable>) {
        let ask = Ask::read(told.method, told.path, told.body, names);
        let failed = told.status.is_some_and(|status| status >= 400);
        let code = told.answer.filter(|_| failed).map_or(Code::Missing, code);
        let fate = fate(told, code);
        let read = match (fate, told.answer) {
            (_, None) => Ok(Reply::None),
            (Fate::Done, Some(json)) => Reply::read(&ask, json, names, specs),
            (Fate::Refused | Fate::NotDone | Fate::Unknown, Some(json)) => Ok(Reply::refusal(json)),
        };
        let (reply, unread) = match read {
            Ok(reply) => (reply, None),
            Err(why) => (Reply::None, Some(why)),
        };
        let deed = Self {
            invoked: told.invoked,
            returned: told.returned.unwrap_or(u64::MAX),
            at: told.at,
            until: told.until.unwrap_or(i64::MAX),
            sent: told.sent,
            ask,
            status: if told.returned.is_some() { told.status.unwrap_or(0) } else { 0 },
            code,
            fate,
            reply,
        };
        (deed, unread)
    }

    /// It was answered at all.
    pub(crate) fn is_answered(&self) -> bool {
        self.returned != u64::MAX
    }
}

fn code(answer: &str) -> Code {
    #[derive(Deserialize)]
    struct Coded {
        #[serde(default)]
        code: Code,
    }
    serde_json::from_str::<Coded>(answer).map_or(Code::Missing, |coded| coded.code)
}

fn fate(told: &Told<'_>, code: Code) -> Fate {
    let Some(status) = told.status.filter(|_| told.returned.is_some()) else { return Fate::Unknown };
    match (status, code) {
        (200..=299, _) => Fate::Done,
        (_, Code::OutcomeUnknown) => Fate::Unknown,
        (429 | 503 | 507, Code::Overloaded | Code::RateLimited | Code::StorageFull) => Fate::NotDone,
        (400..=499, _) => Fate::Refused,
        _ => Fate::Unknown,
    }
}

/// The spec of a job that is shown, if it is the earliest that is known.
pub(crate) fn earliest(known: Option<&Spec>, rev: u64) -> bool {
    known.is_none_or(|spec| spec.rev > rev)
}
