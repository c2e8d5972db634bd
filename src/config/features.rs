//! The feature flags: switches that are off unless someone turns them on. A switch that is neither on nor off stops
//! the start, and so does one that asks for what this version cannot do: nothing is left out in silence.

use std::collections::BTreeMap;

use actors::Switches;
use serde::Deserialize;

/// A switch that is known.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// Its variable in the environment, and its name under `[flags]` in the file.
    pub name: &'static str,
    /// What it does, or would do.
    pub what: &'static str,
    /// It carries an address instead of on or off.
    pub address: bool,
    /// Switches it on. None: this version does not have it.
    switched: Option<fn(&mut Switches) -> &mut bool>,
}

const fn here(name: &'static str, what: &'static str, switched: fn(&mut Switches) -> &mut bool) -> Feature {
    Feature { name, what, address: false, switched: Some(switched) }
}

const fn missing(name: &'static str, what: &'static str) -> Feature {
    Feature { name, what, address: false, switched: None }
}

/// Every switch.
pub const FEATURES: [Feature; 8] = [
    here("FLEET_PREEMPTION", "preemption of running jobs", |switches| &mut switches.preemption),
    missing("FLEET_BUDGETS", "budgets of products"),
    missing("FLEET_TRACKER_ECHO", "the echo to a tracker"),
    missing("FLEET_REQUIRE_FACTORY_TOKEN", "tokens of factories"),
    here("FLEET_SHADOW", "shadow mode", |switches| &mut switches.shadow),
    missing("GIGAFACTORY_AUTH", "authentication"),
    Feature { address: true, ..missing("FLEET_NATS_URL", "the fan-out to NATS") },
    Feature { address: true, ..missing("DATABASE_URL", "a database beside the embedded one") },
];

impl Feature {
    /// This version has it.
    pub fn is_here(&self) -> bool {
        self.switched.is_some()
    }
}

/// Why a switch stops the start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFeature {
    /// It is neither on nor off.
    #[error("{name} must be 1, true or on, or 0, false or off, not {value:?}")]
    Unclear {
        /// The switch.
        name: &'static str,
        /// What it was set to.
        value: String,
    },
    /// This version cannot do it.
    #[error("{name} asks for {what}, which this version does not have: {remedy}")]
    Missing {
        /// The switch.
        name: &'static str,
        /// What it asks for.
        what: &'static str,
        /// What lets the coordinator start.
        remedy: &'static str,
    },
    /// There is no such switch.
    #[error("there is no flag {0}")]
    Unknown(String),
}

/// A switch in the file: a boolean or a word.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Setting {
    Plain(bool),
    Number(i64),
    Word(String),
}

/// The switches of the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct InFile(BTreeMap<String, Setting>);

/// Reads a switch: `1|true|on` or `0|false|off`.
pub fn read(name: &'static str, value: &str) -> Result<bool, BadFeature> {
    match value {
        "1" | "true" | "on" => Ok(true),
        "0" | "false" | "off" => Ok(false),
        _ => Err(BadFeature::Unclear { name, value: value.to_owned() }),
    }
}

/// Reads every switch, the environment before the file.
pub(super) fn switches(env: &impl Fn(&str) -> Option<String>, file: &InFile) -> Result<Switches, BadFeature> {
    if let Some(name) = file.0.keys().find(|name| !FEATURES.iter().any(|feature| feature.name == *name)) {
        return Err(BadFeature::Unknown(name.clone()));
    }
    let mut switches = Switches::default();
    for Feature { name, what, address, switched } in FEATURES {
        let in_file = || {
            file.0.get(name).map(|setting| match setting {
                Setting::Plain(on) => on.to_string(),
                Setting::Number(number) => number.to_string(),
                Setting::Word(word) => word.clone(),
            })
        };
        let Some(value) = env(name).or_else(in_file) else { continue };
        let on = if address { !value.is_empty() } else { read(name, &value)? };
        match switched {
            Some(switched) => *switched(&mut switches) = on,
            None if on => {
                let remedy = if address { "unset it" } else { "unset it, or set it to off" };
                return Err(BadFeature::Missing { name, what, remedy });
            }
            None => {}
        }
    }
    Ok(switches)
}
