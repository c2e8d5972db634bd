//! The rules, one file each. Each looks at one product's evidence beside the followed log, and notes what is broken.

mod answers;
mod conformity;
mod dump;
mod fence;
mod leases;
mod log;
mod order;
mod origin;
mod repeats;
mod sight;

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
        leases::check(case, &track, findings);
    }
    order::check(case, &track, &sight, findings);
    repeats::check(case, &track, findings);
    dump::check(case, &track, findings);
}
