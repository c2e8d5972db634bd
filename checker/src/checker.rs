//! Takes evidence in, in any order, and holds it together at the end. Owns how it is kept; the rules are in `rules`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::case::{Case, Evidence};
use crate::deed::{Deed, Told, earliest};
use crate::evidence::{Event, Line, Mark, Moment, Record};
use crate::fact::{Fact, Unreadable};
use crate::findings::{Findings, Place};
use crate::names::{Name, Names};
use crate::rules;
use crate::shown::{Factory, Run, Shown, Spec};
use crate::verdict::Verdict;

/// Holds evidence against the rules.
///
/// Feed it events, records and lines of histories in any order, then ask for the verdict.
#[derive(Debug, Default)]
pub struct Checker {
    pub(crate) names: Names,
    products: BTreeMap<Name, Evidence>,
    marks: Vec<Mark>,
    pub(crate) findings: Findings,
    complete: bool,
    /// The log was fed.
    pub(crate) logged: bool,
}

/// A line of a history, as it is kept while it is read.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum LineText<'a> {
    #[serde(borrow)]
    Op(OpText<'a>),
    Mark(Mark),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpText<'a> {
    #[serde(borrow)]
    product: crate::text::Text<'a>,
    invoked: u64,
    #[serde(default)]
    returned: Option<u64>,
    at: i64,
    #[serde(default)]
    until: Option<i64>,
    #[serde(default)]
    sent: Option<u32>,
    method: crate::text::Text<'a>,
    path: crate::text::Text<'a>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default, borrow)]
    answer: Option<&'a RawValue>,
}

impl Checker {
    /// Says that every request and every event since the beginning is fed: what nobody asked for is then a violation.
    #[must_use]
    pub fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    /// Takes in an event.
    pub fn event(&mut self, event: &Event) {
        self.logged = true;
        let product = self.names.of(&event.product);
        match Fact::read(event, &mut self.names) {
            Ok(fact) => self.products.entry(product).or_default().facts.push(fact),
            Err(why) => self.unreadable(product, Place::default().seq(event.seq), &why),
        }
    }

    /// Takes in a record of a dump.
    pub fn record(&mut self, record: &Record) {
        let product = self.names.of(&record.product);
        if let Err(why) = self.dumped(product, record) {
            self.unreadable(product, Place::default(), &why);
        }
        self.findings.counts().records += 1;
    }

    /// Takes in a line of a history.
    pub fn line(&mut self, line: &Line) {
        match line {
            Line::Op(op) => self.told(&Told::from(&**op)),
            Line::Mark(mark) => self.mark(*mark),
        }
    }

    /// Takes in a line of a history as the JSON text that it is.
    ///
    /// # Errors
    /// What is no line of a history is refused.
    pub fn line_text(&mut self, text: &str) -> Result<(), serde_json::Error> {
        match serde_json::from_str(text)? {
            LineText::Mark(mark) => self.mark(mark),
            LineText::Op(op) => self.told(&Told {
                product: op.product.as_str(),
                invoked: op.invoked,
                returned: op.returned,
                at: op.at,
                until: op.until,
                sent: op.sent.unwrap_or(1),
                method: op.method.as_str(),
                path: op.path.as_str(),
                body: op.body.map(RawValue::get),
                status: op.status,
                answer: op.answer.map(RawValue::get),
            }),
        }
        Ok(())
    }

    /// Takes in an event as the JSON text that it is.
    ///
    /// # Errors
    /// What is no event is refused.
    pub fn event_text(&mut self, text: &str) -> Result<(), serde_json::Error> {
        self.event(&serde_json::from_str(text)?);
        Ok(())
    }

    /// Takes in a record of a dump as the JSON text that it is.
    ///
    /// # Errors
    /// What is no record is refused.
    pub fn record_text(&mut self, text: &str) -> Result<(), serde_json::Error> {
        self.record(&serde_json::from_str(text)?);
        Ok(())
    }

    /// What it all comes to.
    pub fn verdict(mut self) -> Verdict {
        self.marks.sort_by_key(|mark| mark.stamp);
        let mut findings = std::mem::take(&mut self.findings);
        findings.counts().marks = self.marks.len() as u64;
        let jumped = self.marks.iter().any(|mark| mark.mark == Moment::Jumped);
        let products = std::mem::take(&mut self.products);
        let alone = products.len() == 1;
        let judge = |product: Name, mut evidence: Evidence| {
            evidence.facts.sort_by_key(|fact| fact.seq);
            evidence.deeds.sort_by_key(|deed| deed.invoked);
            let case = Case {
                names: &self.names,
                product,
                facts: &evidence.facts,
                deeds: &evidence.deeds,
                specs: &evidence.specs,
                dump: &evidence.dump,
                marks: &self.marks,
                // The list of every product's jobs belongs to none of them.
                logged: (self.logged || self.complete) && self.names.text(product) != "*",
                complete: self.complete,
                jumped,
                alone,
            };
            let mut found = Findings::default();
            rules::check(&case, &mut found);
            found
        };
        // No product has anything to do with another.
        std::thread::scope(|threads| {
            let judge = &judge;
            let judged =
                products.into_iter().map(|(product, evidence)| threads.spawn(move || judge(product, evidence)));
            for one in Vec::from_iter(judged) {
                match one.join() {
                    Ok(found) => findings.add(found),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        findings.verdict()
    }

    fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    fn told(&mut self, told: &Told<'_>) {
        self.findings.counts().ops += 1;
        let product = self.names.of(told.product);
        let evidence = self.products.entry(product).or_default();
        let (deed, unread) = Deed::read(told, &mut self.names, &mut |job, rev, json, names| {
            if earliest(evidence.specs.get(&job), rev) {
                evidence.specs.insert(job, Spec::read(json, rev, names)?);
            }
            Ok(())
        });
        let place = Place::default().op(deed.invoked);
        evidence.deeds.push(deed);
        if let Some(why) = unread {
            self.unreadable(product, place, &why);
        }
    }

    fn dumped(&mut self, product: Name, record: &Record) -> Result<(), Unreadable> {
        let Self { names, products, .. } = self;
        let evidence = products.entry(product).or_default();
        let dump = &mut evidence.dump;
        if let Some(job) = &record.job {
            let shown = Shown::read(job.get(), names)?;
            if earliest(evidence.specs.get(&shown.job), shown.rev) {
                evidence.specs.insert(shown.job, Spec::read(job.get(), shown.rev, names)?);
            }
            dump.jobs.push(shown);
        }
        if let Some(run) = &record.run {
            dump.runs.push(Run::read(run.get(), names)?);
        }
        if let Some(factory) = &record.factory {
            dump.factories.push(Factory::read(factory.get(), names)?);
        }
        if let Some(state) = &record.state {
            #[derive(Deserialize)]
            struct Gate {
                paused: bool,
                #[serde(default)]
                rev: Option<u64>,
            }
            let gate: Gate = serde_json::from_str(state.get())?;
            dump.gate = Some((gate.paused, gate.rev));
        }
        Ok(())
    }

    /// What was fed about a product.
    pub(crate) fn evidence(&mut self, product: Name) -> &mut Evidence {
        self.products.entry(product).or_default()
    }

    /// Notes that a piece of evidence was not understood.
    pub(crate) fn unreadable(&mut self, product: Name, place: Place, why: &Unreadable) {
        self.findings.broken((&self.names, product), "unreadable", place, why.to_string());
    }
}
