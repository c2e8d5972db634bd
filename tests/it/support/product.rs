//! How a story drives a product's settings.

use domain::Timestamp;
use domain::dispatch::SomeWeights;
use domain::product::{Choices, Command, Settings, transition};

use super::members::{Members, list, maybe, word};
use super::story::{Actor, Turn};

impl Actor for Settings {
    type Order = Command;

    fn said(order: &Command) -> String {
        match order {
            Command::Pause => "pause".into(),
            Command::Resume => "resume".into(),
            Command::Estop => "estop".into(),
            Command::Set(Choices { review_limit, estimate_usd, record_scores, default_profile, default_repo }) => {
                let (limit, estimate) = (or_none(*review_limit), or_none(*estimate_usd));
                let (profile, repo) = (or_none(default_profile.as_ref()), or_none(default_repo.as_ref()));
                let mut said =
                    format!("set review_limit {limit}, estimate_usd {estimate}, record_scores {record_scores}");
                if default_profile.is_some() || default_repo.is_some() {
                    said += &format!(", default_profile {profile}, default_repo {repo}");
                }
                said
            }
            Command::SetWeights(some) if some.is_empty() => "reset weights".into(),
            Command::SetWeights(some) => format!("set weights {}", list(weights(some))),
        }
    }

    fn obeys(&self, order: Command, _now: Timestamp) -> Result<Turn<Self>, String> {
        let step = transition(self, order);
        let event = |fact| format!("{} {}", domain::product::Fact::kind(fact), serde_json::json!(fact));
        Ok(Turn { next: step.next, events: step.facts.iter().map(event).collect(), ended: None })
    }

    fn members(&self) -> Members {
        let Self {
            product,
            paused,
            rev,
            review_limit,
            estimate_usd,
            record_scores,
            default_profile,
            default_repo,
            weights: some,
        } = self;
        let mut of = Members::default();
        of.add("settings", "product", product.as_str(), "p");
        of.add("settings", "paused", word(paused), "false");
        of.add("settings", "rev", rev.to_string(), "");
        of.add("settings", "review_limit", maybe(*review_limit), "");
        of.add("settings", "estimate_usd", maybe(*estimate_usd), "");
        of.add("settings", "record_scores", word(record_scores), "false");
        of.add("settings", "default_profile", maybe(default_profile.as_ref()), "");
        of.add("settings", "default_repo", maybe(default_repo.as_ref()), "");
        of.add("settings", "weights", list(weights(some)), "");
        of
    }

    fn standing(&self) -> String {
        if self.paused { "paused".into() } else { "open".into() }
    }

    fn deadline(&self) -> String {
        "none".into()
    }
}

fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".into(), |value| value.to_string())
}

/// Weights in thousandths.
fn weights(some: &SomeWeights) -> Vec<String> {
    some.iter().map(|(term, weight)| format!("{}={}", term.as_str(), weight.thousandths())).collect()
}
