//! Pages of lists:
//! how many records, where they begin, and the opaque word for where the next ones do.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LINK};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use wire::{List, Problem};

use super::answer::{Answer, written};
use super::call::Call;
use super::query;

const DEFAULT: usize = 50;
const MAX: usize = 1_000;
/// Bytes of long texts on one page, roughly; at least one record is shown.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// How many records, 1 to 1000; 50 where absent.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
    /// Where to go on: `next` of the page before.
    after: Option<String>,
}

impl Paging {
    /// How many records.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit.as_deref())
    }

    /// The key of the last record of the page before, in a list of a kind.
    pub(super) fn after(&self, kind: &str) -> Result<Option<String>, Problem> {
        self.after.as_deref().map(|cursor| opened(kind, cursor)).transpose()
    }
}

/// Reads `limit`: 50 where absent, clamped to 1..=1000.
pub(super) fn limit(given: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = given else { return Ok(DEFAULT) };
    let number: u64 = query::parsed("limit", text)?;
    Ok(usize::try_from(number).unwrap_or(MAX).clamp(1, MAX))
}

/// The opaque word for a place in a list of a kind.
pub(super) fn cursor(kind: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{key}"))
}

/// The key behind such a word. Refuses what was not made by `cursor` for the same kind of list.
pub(super) fn opened(kind: &str, cursor: &str) -> Result<String, Problem> {
    let refused = || query::refused("after", "is no cursor of this list");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let key = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')).ok_or_else(refused)?;
    Ok(key.to_owned())
}

/// Cuts a page out of records of which there may be one more than it holds. `key` names the last one's place.
pub(super) fn cut<T>(mut records: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    if records.len() <= limit {
        return (records, None);
    }
    records.truncate(limit);
    let next = records.last().map(key);
    (records, next)
}

/// How many of the records fit on the page, by the bytes of their long texts.
pub(super) fn fitting(bytes: impl Iterator<Item = usize>, limit: usize) -> usize {
    let mut all = 0;
    let fits = bytes.take_while(|bytes| {
        let first = all == 0;
        all += bytes;
        first || all <= MAX_BYTES
    });
    fits.count().min(limit)
}

/// Answers a page; the next one is linked too.
pub(super) fn list<T: Serialize>(call: &Call, data: Vec<T>, next: Option<String>) -> Answer {
    let mut response = HttpResponse::Ok();
    if let Some(link) = next.as_ref().and_then(|next| link(call, next)) {
        response.insert_header((LINK, link));
    }
    written(&mut response, &List { data, next })
}

fn link(call: &Call, next: &str) -> Option<HeaderValue> {
    let kept = call.query().split('&').filter(|part| !part.is_empty() && !part.starts_with("after="));
    let query = kept.map(|part| format!("{part}&")).collect::<String>();
    HeaderValue::try_from(format!("<{}?{query}after={next}>; rel=\"next\"", call.path())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_the_list_it_was_made_for() {
        let made = cursor("job", "7");
        assert_eq!(opened("job", &made).unwrap(), "7");
        for (kind, bad) in [("run", made.as_str()), ("job", "7"), ("job", ""), ("job", "%%"), ("jo", made.as_str())] {
            assert_eq!(opened(kind, bad).unwrap_err().status, 400, "{kind} {bad}");
        }
    }

    #[test]
    fn limits_are_clamped_and_words_refused() {
        for (text, number) in [(None, 50), (Some("0"), 1), (Some("7"), 7), (Some("99999"), 1_000)] {
            assert_eq!(limit(text).unwrap(), number);
        }
        assert!(limit(Some("-1")).is_err());
        assert!(limit(Some("many")).is_err());
    }

    #[test]
    fn only_a_full_page_has_a_next() {
        assert_eq!(cut(vec![1, 2], 2, ToString::to_string), (vec![1, 2], None));
        assert_eq!(cut(vec![1, 2, 3], 2, ToString::to_string), (vec![1, 2], Some("2".to_owned())));
    }
}
