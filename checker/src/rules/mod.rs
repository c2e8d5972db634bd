//! The rules, one file each. Each looks at one product's evidence beside the followed log, and notes what is broken.
#![allow(clippy::wildcard_enum_match_arm, reason = "a rule names what it looks at; the rest is none of its business")]

mod answers;
mod calm;
mod claims;
mod conformity;
mod dump;
mod family;
mod fence;
mod leases;
mod log;
mod order;
mod origin;
mod prompt;
mod repeats;
mod seen;
mod sight;
mod starve;
mod stored;

use crate::case::Case;
use crate::findings::Findings;
use crate::track::Track;

/// Holds one product's evidence against every rule.
pub(crate) fn check(case: &Case<'_>, findings: &mut Findings) {
    log::check(case, findings);
    let track = Track::of(case, findings);
    let sight = sight::Sight::of(case, &track);
    conformity::check(case, findings);
    if case.logged {
        answers::check(case, &track, &sight, findings);
        fence::check(case, &track, &sight, findings);
        origin::check(case, &track, &sight, findings);
        let calm = calm::Calm::of(case);
        leases::check(case, &track, &calm, findings);
        prompt::check(case, &track, &sight, &calm, findings);
        claims::check(case, &track, &sight, &calm, findings);
        family::check(case, &track, &calm, findings);
        starve::check(case, &track, &calm, findings);
        seen::check(case, &track, findings);
        stored::check(case, &track, findings);
    }
    order::check(case, &track, &sight, findings);
    repeats::check(case, &track, &sight, findings);
    dump::check(case, &track, findings);
}
