//! Plays a sequence of commands to the model and to a backend, side by side, and shrinks one that ends in a quarrel.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::backend::{Backend, Kind};
use super::command::{BEGIN, Claim, Command};
use super::dice::Dice;
use super::generate::FACTORIES;
use super::reference::Model;
use super::{render, sights};

/// How many commands make a sequence.
const LENGTH: usize = 250;
/// How long shorter sequences are tried.
const PATIENCE: Duration = Duration::from_secs(15);

/// The model and a backend disagree.
#[derive(Clone, Debug)]
pub(super) struct Quarrel(String);

/// What a sequence came to.
pub(super) struct Played {
    pub(super) commands: usize,
    pub(super) sights: BTreeSet<&'static str>,
}

struct Table {
    seen: BTreeSet<&'static str>,
    model: Model,
    backend: Box<dyn Backend>,
}

impl Table {
    fn set(kind: Kind) -> Self {
        let model = Model { now: BEGIN, ..Model::default() };
        Self { seen: BTreeSet::new(), model, backend: kind.begin() }
    }

    fn play(&mut self, command: &Command) -> Result<(), Quarrel> {
        if let Command::Pass(ms) = command {
            return self.pass(self.model.now + ms);
        }
        if let Command::Claim(claim) = command {
            self.seen.extend(sights::of_claim(&self.model, claim));
        }
        let expected = self.model.obey(command);
        self.seen.extend(repeated(command, &expected));
        let answer = self.backend.obey(command);
        same(&format!("{command:?}"), &expected, &answer)?;
        self.learn()?;
        if let Command::Claim(claim) = command { self.preview(claim) } else { Ok(()) }
    }

    /// What would the next factory get that asked for the same?
    fn preview(&mut self, claim: &Claim) -> Result<(), Quarrel> {
        let claim = Claim { factory: (claim.factory + 1) % FACTORIES, ..claim.clone() };
        let expected = render::preview(self.model.look(&claim, &self.model.weights(&claim)));
        same(&format!("preview of {claim:?}"), &expected, &self.backend.preview(&claim))
    }

    /// Step by step, so that the end of each backoff is known before something depends on it.
    fn pass(&mut self, until: i64) -> Result<(), Quarrel> {
        loop {
            let next = self.model.next_due().map_or(until, |due| due.clamp(self.model.now, until));
            self.model.pass_to(next);
            self.backend.pass_to(next);
            self.learn()?;
            if next == until {
                return Ok(());
            }
        }
    }

    /// Takes the ends of backoffs from the backend: the specification leaves them a fifth of play.
    fn learn(&mut self) -> Result<(), Quarrel> {
        for (no, job) in self.model.jobs.iter_mut().filter(|(_, job)| job.jitter.is_some()) {
            let (Some((first, last)), told) = (job.jitter.take(), self.backend.not_before(*no)) else { continue };
            if !told.is_some_and(|at| (first..=last).contains(&at)) {
                return Err(Quarrel(format!("the backoff of j{no} ends at {told:?}, not in {first}..={last}")));
            }
            job.not_before = told;
        }
        Ok(())
    }

    fn compare(&mut self) -> Result<(), Quarrel> {
        let (expected, found) = (render::records(&self.model), self.backend.records());
        let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        let none = "nothing".to_owned();
        for name in names {
            same(name, expected.get(name).unwrap_or(&none), found.get(name).unwrap_or(&none))?;
        }
        Ok(())
    }
}

/// What was answered as a repeat.
fn repeated(command: &Command, answer: &str) -> Option<&'static str> {
    let ended = answer.contains("Released/") || answer.contains("Expired/") || answer.contains("Evicted/");
    if let Command::Report(report) = command
        && answer.ends_with(" true")
        && answer.starts_with("ok")
        && ended
    {
        return Some(if report.id.is_some() { "report-repeated-by-id" } else { "report-repeated-by-stage" });
    }
    if matches!(command, Command::Claim(_)) && answer.ends_with(" true]") {
        return Some("claim-repeated");
    }
    if matches!(command, Command::Submit { .. }) && answer.ends_with(" true") {
        return Some("submit-repeated");
    }
    answer.starts_with("stale").then_some("stale")
}

/// Refuses answers that differ. What the model leaves open ends in `~`.
fn same(what: &str, expected: &str, found: &str) -> Result<(), Quarrel> {
    let agree = match expected.strip_suffix('~') {
        Some(said) => found.starts_with(said),
        None => expected == found,
    };
    if agree { Ok(()) } else { Err(Quarrel(format!("{what}\n  model   {expected}\n  product {found}"))) }
}

/// Plays a given sequence. A panic is a quarrel too.
fn replay(kind: Kind, commands: &[Command]) -> Result<(), Quarrel> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut table = Table::set(kind);
        commands.iter().try_for_each(|command| table.play(command))?;
        table.compare()
    }));
    played.unwrap_or_else(|_| Err(Quarrel("a panic".into())))
}

/// Plays the sequence of a seed; at a quarrel, a story of the shortest sequence that still ends in one.
pub(super) fn seed(kind: Kind, seed: u64) -> Result<Played, String> {
    try_seed(kind, seed).map_err(|(commands, Quarrel(first))| story(kind, seed, first, commands))
}

/// Plays the sequence of a seed; at a quarrel, what was played until then.
fn try_seed(kind: Kind, seed: u64) -> Result<Played, (Vec<Command>, Quarrel)> {
    let mut commands = Vec::with_capacity(LENGTH);
    let played = catch_unwind(AssertUnwindSafe(|| {
        let (mut dice, mut table) = (Dice::new(seed), Table::set(kind));
        for at in 0..LENGTH {
            let command = dice.command(&table.model);
            commands.push(command.clone());
            table.play(&command)?;
            if at % 50 == 49 {
                table.compare()?;
            }
        }
        table.seen.extend(sights::sights(&table.model));
        Ok(table.seen)
    }));
    match played.unwrap_or_else(|_| Err(Quarrel("a panic".into()))) {
        Ok(sights) => Ok(Played { commands: commands.len(), sights }),
        Err(quarrel) => Err((commands, quarrel)),
    }
}

/// The first of these seeds that ends in a quarrel, and which one.
#[cfg(feature = "mutants")]
pub(super) fn first_quarrel(kind: Kind, mut seeds: std::ops::Range<u64>) -> Option<(u64, String)> {
    seeds.find_map(|seed| try_seed(kind, seed).err().map(|(_, Quarrel(what))| (seed, what)))
}

fn story(kind: Kind, seed: u64, first: String, commands: Vec<Command>) -> String {
    let length = commands.len();
    let (commands, last) = shrink(kind, commands).unwrap_or_else(|| (Vec::new(), first.clone()));
    let mut told =
        format!("{kind:?}, seed {seed}: the model and the product disagree after {length} commands:\n{first}\n");
    let _ = writeln!(told, "shrunk to {} commands:", commands.len());
    for command in &commands {
        let _ = writeln!(told, "  {command:?}");
    }
    let _ = write!(told, "{last}\nreplay: GIGAFACTORY_SEED={seed}");
    told
}

/// Leaves out what does not matter: halves, quarters, at last single commands.
fn shrink(kind: Kind, mut commands: Vec<Command>) -> Option<(Vec<Command>, String)> {
    let mut last = replay(kind, &commands).err()?;
    let (mut size, until) = (commands.len() / 2, Instant::now() + PATIENCE);
    while size > 0 {
        let (mut at, before) = (0, commands.len());
        while at < commands.len() && Instant::now() < until {
            let mut fewer = commands.clone();
            fewer.drain(at..(at + size).min(commands.len()));
            match replay(kind, &fewer) {
                Err(quarrel) => (commands, last) = (fewer, quarrel),
                Ok(()) => at += size,
            }
        }
        if size == 1 && commands.len() < before && Instant::now() < until {
            continue;
        }
        size /= 2;
    }
    Some((commands, last.0))
}
