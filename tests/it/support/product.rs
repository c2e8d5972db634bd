//! How a story drives a product's settings.

use domain::Timestamp;
use domain::product::{Command, Settings, transition};

use super::members::{Members, word};
use super::story::{Actor, Turn};

impl Actor for Settings {
    type Order = Command;

    fn said(order: &Command) -> String {
        match order {
            Command::Pause => "pause".into(),
            Command::Resume => "resume".into(),
            Command::Estop => "estop".into(),
        }
    }

    fn obeys(&self, order: Command, _now: Timestamp) -> Result<Turn<Self>, String> {
        let step = transition(self, order);
        let event = |fact| format!("{} {}", domain::product::Fact::kind(fact), serde_json::json!(fact));
        Ok(Turn { next: step.next, events: step.facts.iter().map(event).collect(), ended: None })
    }

    fn members(&self) -> Members {
        let Self { product, paused, rev } = self;
        let mut of = Members::default();
        of.add("settings", "product", product.as_str(), "p");
        of.add("settings", "paused", word(paused), "false");
        of.add("settings", "rev", rev.to_string(), "");
        of
    }

    fn standing(&self) -> String {
        if self.paused { "paused".into() } else { "open".into() }
    }

    fn deadline(&self) -> String {
        "none".into()
    }
}
