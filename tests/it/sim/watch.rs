//! What a run says of itself beside its answers: panics, which a supervisor catches but which are bugs all the same, and
//! errors in the log. Watches one thread; changes nothing.

use std::cell::RefCell;
use std::fmt;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    static ERRORS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

static HOOK: Once = Once::new();

/// Watches this thread until it is asked what it has seen.
pub(super) struct Watch(DefaultGuard);

impl Watch {
    pub(super) fn begin() -> Self {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let kept = PANICS.with_borrow_mut(|seen| seen.as_mut().map(|seen| seen.push(info.to_string())));
                if kept.is_none() {
                    before(info);
                }
            }));
        });
        PANICS.set(Some(Vec::new()));
        ERRORS.take();
        Self(tracing::subscriber::set_default(Errors))
    }

    /// The panics, and the errors in the log.
    pub(super) fn seen(self) -> (Vec<String>, Vec<String>) {
        drop(self.0);
        (PANICS.take().unwrap_or_default(), ERRORS.take())
    }
}

/// Keeps the lines of the log that are errors.
struct Errors;

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Text(String::new());
        event.record(&mut line);
        ERRORS.with_borrow_mut(|seen| seen.push(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}
