//! The headers that routes share: the product, the request's own id, and the revision that a write expects.
//! Reads and checks them; never looks at a body.

use std::net::IpAddr;

use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use domain::ProductId;
use wire::{Code, Problem};

use super::Edge;

/// Names the product.
pub(super) const PRODUCT: HeaderName = HeaderName::from_static("x-product-id");
/// Names the request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// An alias of the member `idempotencyKey`.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_REQUEST_ID: usize = 128;
const MAX_ETAGS: usize = 64;

/// The product that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One.
    One(ProductId),
    /// All that the caller may see.
    All,
}

/// Reads the product. Refuses a header that is missing, given twice, or has not the right form.
pub(super) fn product(headers: &HeaderMap) -> Result<ProductId, Problem> {
    match scope(headers)? {
        Scope::One(product) => Ok(product),
        Scope::All => Err(Problem::new(Code::InvalidProduct, "X-Product-Id: * is only for lists of jobs")),
    }
}

/// Refuses a request that was meant for another host.
///
/// As long as nobody has to say who they are, a page of a stranger could make its own name resolve to this machine and
/// let the browser on it speak to the coordinator as if it were that page's server (DNS rebinding). Its `Host` tells.
pub(super) fn local(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = || Problem::new(Code::Forbidden, "Host must be localhost or a loopback address");
    for host in headers.get_all(HOST) {
        let host = host.to_str().map_err(|_| refused())?;
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            Some(_) | None => host,
        };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if !name.eq_ignore_ascii_case("localhost") && !address.is_ok_and(|address| address.is_loopback()) {
            return Err(refused());
        }
    }
    Ok(())
}

/// Reads the product, or `*` for all of them.
pub(super) fn scope(headers: &HeaderMap) -> Result<Scope, Problem> {
    let refused = |detail: &str| Problem::new(Code::InvalidProduct, format!("X-Product-Id {detail}"));
    let mut given = headers.get_all(PRODUCT);
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(refused("must be given once"));
    };
    let text = value.to_str().map_err(|_| refused("must match [A-Za-z0-9_-]{1,64}"))?;
    if text == "*" {
        return Ok(Scope::All);
    }
    text.parse().map(Scope::One).map_err(|_| refused("must match [A-Za-z0-9_-]{1,64}"))
}

/// A text header that may be given once. Refuses one that is given twice or is no text.
pub(super) fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut given = headers.get_all(name);
    let refused = |detail: &str| Problem::new(Code::InvalidRequest, format!("the header {name} {detail}"));
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| refused("must be visible ASCII")),
        (Some(_), Some(_)) => Err(refused("is given twice")),
    }
}

/// Names a request in logs and problems: the caller's own word, if it is a safe one, or a number of ours.
pub(super) fn request_id(headers: &HeaderMap, edge: &Edge) -> HeaderValue {
    let safe = |b: &u8| b.is_ascii_alphanumeric() || b"-_.:/+=@".contains(b);
    let fits = |value: &&HeaderValue| (1..=MAX_REQUEST_ID).contains(&value.len()) && value.as_bytes().iter().all(safe);
    headers.get(REQUEST_ID).filter(fits).cloned().unwrap_or_else(|| {
        let made = format!("{:x}-{:x}", edge.started.0, edge.next_request());
        HeaderValue::try_from(made).unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    })
}

/// Which revisions a write expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// It does not say.
    Unsaid,
    /// Any.
    Any,
    /// One of these; none of them if it named only what no record ever had.
    Revs(Vec<u64>),
}

impl Expected {
    /// Reads `If-Match`. Refuses what is no list of entity tags.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut said = false;
        let mut revs = Vec::new();
        for value in headers.get_all(IF_MATCH) {
            said = true;
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            for tag in text.split(',').take(MAX_ETAGS) {
                revs.extend(rev(tag.trim())?);
            }
        }
        Ok(if said { Self::Revs(revs) } else { Self::Unsaid })
    }

    /// Whether a record with this revision is expected.
    pub(super) fn allows(&self, rev: u64) -> bool {
        match self {
            Self::Unsaid | Self::Any => true,
            Self::Revs(revs) => revs.contains(&rev),
        }
    }
}

/// The revision that an entity tag names. A weak tag, or one that is no number, matches nothing.
fn rev(tag: &str) -> Result<Option<u64>, Problem> {
    let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |rest| (true, rest));
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    if inner.contains('"') {
        return Err(malformed());
    }
    let digits = inner.bytes().all(|b| b.is_ascii_digit()) && (inner == "0" || !inner.starts_with('0'));
    Ok(inner.parse().ok().filter(|_| digits && !weak))
}

fn malformed() -> Problem {
    Problem::new(Code::InvalidRequest, "If-Match must be * or entity tags such as \"3\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_product_is_named_once_and_well() {
        let read = |values: &[&str]| scope(&given(PRODUCT, values));
        assert_eq!(read(&["acme"]).unwrap(), Scope::One("acme".parse().unwrap()));
        assert_eq!(read(&["*"]).unwrap(), Scope::All);
        for bad in [&[][..], &["a b"], &[""], &["a", "a"], &["a/b"]] {
            assert_eq!(read(bad).unwrap_err().code, Code::InvalidProduct, "{bad:?}");
        }
        assert_eq!(product(&given(PRODUCT, &["*"])).unwrap_err().code, Code::InvalidProduct);
    }

    #[test]
    fn only_strong_tags_of_revisions_match() {
        let read = |values: &[&str]| Expected::of(&given(IF_MATCH, values)).unwrap();
        assert_eq!(read(&[]), Expected::Unsaid);
        assert_eq!(read(&["*"]), Expected::Any);
        assert_eq!(read(&["\"3\""]), Expected::Revs(vec![3]));
        assert_eq!(read(&["\"3\", \"4\"", "\"7\""]), Expected::Revs(vec![3, 4, 7]));
        assert_eq!(read(&["\"0\""]), Expected::Revs(vec![0]));
        assert_eq!(read(&["W/\"3\", \"abc\", \"03\", \"\""]), Expected::Revs(Vec::new()));
        for bad in ["3", "\"3", "", "\"3\",,", "\"a\"b\""] {
            assert!(Expected::of(&given(IF_MATCH, &[bad])).is_err(), "{bad}");
        }
    }
}
