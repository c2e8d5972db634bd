//! Reads a request's body: as bytes, within a limit and a deadline, both held while it arrives.
//! What the bytes mean is for `wire` to say.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use futures::StreamExt;
use wire::{Code, Problem};

/// Bytes of a job, and of everything else that is no batch.
pub(super) const JOB: usize = 1024 * 1024;
/// Bytes of a batch.
pub(super) const BATCH: usize = 16 * 1024 * 1024;

/// How long a body may take to arrive.
const DEADLINE: Duration = Duration::from_secs(30);

/// Reads a body. Refuses one above `limit` bytes as soon as that is known, and one that takes too long.
pub(super) async fn read(payload: &mut Payload, length: Option<u64>, limit: usize) -> Result<Bytes, Problem> {
    if length.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    within(DEADLINE, payload, limit).await
}

async fn within(deadline: Duration, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let late = |_| Problem::new(Code::InvalidRequest, "the body took too long to arrive").at_status(408);
    tokio::time::timeout(deadline, collected(payload, limit)).await.map_err(late)?
}

async fn collected(payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::invalid("", "the body did not arrive whole"))?;
        if first.len().max(all.len()) + chunk.len() > limit {
            return Err(too_large(limit));
        }
        match (first.is_empty(), all.is_empty()) {
            // Most bodies come in one piece, which needs no copy.
            (true, true) => first = chunk,
            (_, true) => {
                all.extend_from_slice(&first);
                all.extend_from_slice(&chunk);
            }
            (_, false) => all.extend_from_slice(&chunk),
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Refuses a body, or a part of one, above a limit.
pub(super) fn too_large(limit: usize) -> Problem {
    let detail = format!("the body may have at most {limit} bytes");
    Problem::new(Code::InvalidRequest, detail).at_status(413).with("limitBytes", limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::error::PayloadError;
    use futures::stream;

    fn payload(chunks: &[&'static str], ends: bool) -> Payload {
        let chunks: Vec<Result<Bytes, PayloadError>> = chunks.iter().map(|chunk| Ok(Bytes::from(*chunk))).collect();
        let rest = if ends { stream::empty().boxed_local() } else { stream::pending().boxed_local() };
        Payload::Stream { payload: stream::iter(chunks).chain(rest).boxed_local() }
    }

    #[actix_web::test]
    async fn pieces_are_put_together_up_to_the_limit() {
        for chunks in [&["abcdef"][..], &["ab", "cd", "ef"], &["", "abcde", "", "f"], &["a", "bcdef"]] {
            let read = read(&mut payload(chunks, true), None, 6).await.unwrap();
            assert_eq!(read, "abcdef", "{chunks:?}");
        }
        for chunks in [&["abcdefg"][..], &["abcdef", "g"], &["ab", "cd", "ef", "g"]] {
            assert_eq!(read(&mut payload(chunks, false), None, 6).await.unwrap_err().status, 413, "{chunks:?}");
        }
        assert_eq!(read(&mut payload(&[], false), Some(7), 6).await.unwrap_err().status, 413);
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_is_not_waited_for_in_vain() {
        let slow = within(Duration::from_millis(5), &mut payload(&["ab"], false), 6).await;
        assert_eq!(slow.unwrap_err().status, 408);
    }
}
