//! Panics of this thread while a run is watched: an actor's panic is caught by its supervisor, but it is a bug all the same.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Watches this thread until it is asked what it has seen.
pub(super) struct Watch;

impl Watch {
    pub(super) fn begin() -> Self {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let kept = SEEN.with_borrow_mut(|seen| seen.as_mut().map(|seen| seen.push(info.to_string())));
                if kept.is_none() {
                    before(info);
                }
            }));
        });
        SEEN.set(Some(Vec::new()));
        Self
    }

    pub(super) fn seen(self) -> Vec<String> {
        SEEN.take().unwrap_or_default()
    }
}
