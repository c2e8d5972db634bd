//! Why a verb did not succeed: what is said about it on the standard error stream, and the exit code that it means.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, SourceOffset};
use serde_json::json;
use wire::{ClientError, Code, Problem};

use super::exit::Exit;
use super::out::clean;

/// Why a verb did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The coordinator said no, or was not reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A markdown file is refused, at a place in it.
    #[error("{file}: {problem}")]
    Manifest {
        /// The file's name.
        file: String,
        /// What it says.
        text: String,
        /// What is wrong with it.
        problem: Box<Problem>,
    },
    /// Something else, in words.
    #[error("{message}")]
    Said {
        /// How the program ends.
        exit: Exit,
        /// The words.
        message: String,
    },
    /// The host did not do what it was asked to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Everything has been said already.
    #[error("see above")]
    Told(Exit),
    /// A signal ended it.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// The command was not understood, or something that it needs is not set.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::said(Exit::Usage, message)
    }

    /// It ends like this, for this reason.
    pub(super) fn said(exit: Exit, message: impl Into<String>) -> Self {
        Self::Said { exit, message: message.into() }
    }

    /// The exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => error.problem().map_or(Exit::Failed, of_problem),
            Self::Manifest { .. } => Exit::Failed,
            Self::Said { exit, .. } | Self::Told(exit) => *exit,
            // Whoever closed the pipe has read enough.
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Io(_) => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// Says it: to a program as JSON, to a person in words.
    pub(super) fn tell(&self, as_json: bool) {
        if matches!(self, Self::Told(_)) || self.exit() == Exit::Done {
            return;
        }
        let text = if as_json { self.as_json() } else { self.in_words() };
        // Where nobody listens there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", text.trim_end());
    }

    fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Client(error) => error.problem(),
            Self::Manifest { problem, .. } => Some(problem),
            Self::Said { .. } | Self::Io(_) | Self::Told(_) | Self::Interrupted => None,
        }
    }

    fn as_json(&self) -> String {
        let written = self.problem().and_then(|problem| serde_json::to_string(problem).ok());
        written.unwrap_or_else(|| json!({"title": "It failed", "detail": self.to_string()}).to_string())
    }

    fn in_words(&self) -> String {
        match self {
            Self::Manifest { file, text, problem } => snippet(file, text, problem),
            Self::Client(_) | Self::Said { .. } | Self::Io(_) | Self::Told(_) | Self::Interrupted => {
                self.problem().map_or_else(|| format!("error: {self}"), in_words)
            }
        }
    }
}

/// A problem in words: title, detail, refused members, code.
pub(super) fn in_words(problem: &Problem) -> String {
    let mut text = format!("error: {}: {}", problem.code.title(), clean(&problem.detail));
    for error in problem.errors.iter().filter(|error| !error.pointer.is_empty()) {
        let _ = write!(text, "\n  {}: {}", clean(&error.pointer), clean(&error.detail));
    }
    let _ = write!(text, "\n  code {}, status {}", problem.code.as_str(), problem.status);
    if let Some(trace) = &problem.trace_id {
        let _ = write!(text, ", request {}", clean(trace));
    }
    text
}

/// A refused file with the place that is meant.
fn snippet(file: &str, text: &str, problem: &Problem) -> String {
    let at = |key| problem.number(key).and_then(|number| usize::try_from(number).ok());
    let (Some(line), Some(column)) = (at("line"), at("column")) else {
        return format!("{file}: {}", in_words(problem));
    };
    let what = problem.errors.first().map_or(problem.detail.as_str(), |error| error.detail.as_str());
    let place = SourceOffset::from_location(text, line, column).offset();
    let diagnostic = MietteDiagnostic::new(format!("{file}:{line}:{column}: {}", clean(what)))
        .with_code(problem.code.as_str())
        .with_labels([LabeledSpan::at_offset(place.min(text.len()), "here")]);
    let report = miette::Report::new(diagnostic).with_source_code(NamedSource::new(file, text.to_owned()));
    let coloured = io::stderr().is_terminal() && !super::out::no_color();
    let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut drawn = String::new();
    match GraphicalReportHandler::new_themed(theme).render_report(&mut drawn, report.as_ref()) {
        Ok(()) => drawn,
        Err(_) => format!("{file}:{line}:{column}: {}", in_words(problem)),
    }
}

fn of_problem(problem: &Problem) -> Exit {
    match (problem.status, problem.code) {
        (404, _) => Exit::NotFound,
        (401 | 403, _) => Exit::NoAccess,
        (409 | 412 | 428, _) | (_, Code::IdempotencyMismatch) => Exit::Conflict,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_everything_that_helps() {
        let problem = Problem::new(Code::StaleLease, "epoch 3 is over\u{1b}[2J").error("/leaseEpoch", "is not 4");
        let failure = Failure::from(ClientError::Problem(Box::new(problem)));
        let words =
            "error: Stale lease: epoch 3 is over\u{fffd}[2J\n  /leaseEpoch: is not 4\n  code stale-lease, status 409";
        assert_eq!((failure.in_words().as_str(), failure.exit()), (words, Exit::Conflict));
        assert!(failure.as_json().contains("\"code\":\"stale-lease\""));
    }

    #[test]
    fn a_refused_file_is_shown_at_its_place() {
        let text = "---\npriority: urgent\n---\n# Do it\n";
        let problem = Box::new(wire::Manifest::parse(text).unwrap_err());
        let failure = Failure::Manifest { file: "job.md".to_owned(), text: text.to_owned(), problem };
        let words = failure.in_words();
        assert!(words.contains("job.md:2:11: "), "{words}");
        assert!(words.contains("priority: urgent"), "{words}");
        assert!(words.contains("invalid-manifest"), "{words}");
    }

    #[test]
    fn each_status_has_its_exit_code() {
        for (code, exit) in [
            (Code::NotFound, Exit::NotFound),
            (Code::UnknownFactory, Exit::NotFound),
            (Code::Unauthenticated, Exit::NoAccess),
            (Code::PreconditionFailed, Exit::Conflict),
            (Code::IdempotencyMismatch, Exit::Conflict),
            (Code::InvalidRequest, Exit::Failed),
            (Code::Overloaded, Exit::Failed),
        ] {
            assert_eq!(of_problem(&Problem::new(code, "")), exit, "{code:?}");
        }
    }
}
