//! The vendors' command lines that take their instructions by standard input. Only data; a new one is a new entry.

use super::{Dialect, Plan};

/// One vendor's command line.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// The engine's name, as jobs write it.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// Arguments for any run.
    args: &'static [&'static str],
    /// Further ones where the engine may act without asking.
    yolo: &'static [&'static str],
    /// Further ones where it may not.
    careful: &'static [&'static str],
    /// Arguments that must come last.
    last: &'static [&'static str],
    /// Variables that the engine needs to know its user.
    passed: &'static [&'static str],
    /// How its output is read.
    dialect: Dialect,
}

/// Every vendor's engine that this agent can run.
pub const TEMPLATES: [Template; 4] = [
    Template {
        name: "claude",
        program: "claude",
        args: &["-p", "--output-format", "stream-json", "--verbose", "--disallowedTools=AskUserQuestion"],
        yolo: &["--dangerously-skip-permissions"],
        careful: &["--permission-mode", "acceptEdits"],
        last: &[],
        passed: &["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_OAUTH_TOKEN"],
        dialect: Dialect::Claude,
    },
    Template {
        name: "codex",
        program: "codex",
        args: &["exec", "--json", "--skip-git-repo-check"],
        yolo: &["--dangerously-bypass-approvals-and-sandbox"],
        careful: &["--sandbox", "workspace-write", "-c", "approval_policy=\"never\""],
        last: &["-"],
        passed: &["CODEX_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"],
        dialect: Dialect::Codex,
    },
    Template {
        name: "gemini",
        program: "gemini",
        args: &["--output-format", "stream-json"],
        yolo: &["--yolo"],
        careful: &["--approval-mode", "auto_edit"],
        last: &[],
        passed: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        dialect: Dialect::Gemini,
    },
    Template {
        name: "amp",
        program: "amp",
        args: &["--execute", "--stream-json"],
        yolo: &["--dangerously-allow-all"],
        careful: &[],
        last: &[],
        passed: &["AMP_API_KEY"],
        dialect: Dialect::Plain,
    },
];

impl Template {
    /// The plan of a run with these instructions.
    pub(super) fn plan(&self, stdin: String, yolo: bool) -> Plan {
        let manner = if yolo { self.yolo } else { self.careful };
        let words = std::iter::once(&self.program).chain(self.args).chain(manner).chain(self.last);
        let command = words.map(|&word| word.to_owned()).collect();
        Plan { command, stdin, passed: self.passed, dialect: self.dialect }
    }
}
