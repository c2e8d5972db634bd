//! What the machine needs for the whole suite, installed where that is this task's to do: on Debian, as root.

use std::path::Path;

use crate::report::Outcome;
use crate::shell::{Call, is_installed};

/// A program that tests run, and Debian's package that has it.
const NEEDED: [(&str, &str); 2] = [("git", "git"), ("ps", "procps")];

/// Installs what is missing. Elsewhere than on Debian as root it only says what that is.
pub(crate) fn prepare(root: &Path) -> Outcome {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !is_installed(program)).collect();
    if missing.is_empty() {
        return Outcome::Passed;
    }
    let names = missing.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(", ");
    if !is_installed("apt-get") || !is_root(root) {
        return Outcome::Skipped(format!("not installed here, and tests need it: {names}"));
    }
    let env = [("DEBIAN_FRONTEND", "noninteractive")];
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(missing.iter().map(|(_, package)| *package));
    let update = Call { program: "apt-get", args: &["update"], env: &env };
    let install = Call { program: "apt-get", args: &args, env: &env };
    match update.run(root).and_then(|()| install.run(root)) {
        Ok(()) => Outcome::Passed,
        Err(why) => Outcome::Failed(format!("{names}: {why}")),
    }
}

/// `test -w` asks the kernel, which knows more than a user's name.
fn is_root(root: &Path) -> bool {
    Call { program: "test", args: &["-w", "/var/lib/dpkg/status"], env: &[] }.works(root)
}
