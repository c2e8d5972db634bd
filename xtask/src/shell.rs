//! Runs other programs: their output goes where ours goes, and is kept where a step has to read it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// A program with its arguments and what is added to its environment.
pub(crate) struct Call<'a> {
    pub(crate) program: &'a str,
    pub(crate) args: &'a [&'a str],
    pub(crate) env: &'a [(&'a str, &'a str)],
}

impl<'a> Call<'a> {
    /// `cargo` with these arguments.
    pub(crate) fn cargo(args: &'a [&'a str]) -> Self {
        Self { program: "cargo", args, env: &[] }
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(self.program);
        if self.program == "cargo" {
            command.env("RUSTFLAGS", flags(std::env::var("RUSTFLAGS").ok()));
        }
        command.args(self.args).envs(self.env.iter().copied()).current_dir(root).stdin(Stdio::null());
        command
    }

    /// Runs it. Refuses any exit but success.
    pub(crate) fn run(&self, root: &Path) -> Result<(), String> {
        println!("$ {} {}", self.program, self.args.join(" "));
        let status = self.command(root).status().map_err(|error| self.unable(&error))?;
        if status.success() { Ok(()) } else { Err(self.ended(status)) }
    }

    /// Runs it, shows what it says, and gives that back as text beside how it ended.
    pub(crate) fn tee(&self, root: &Path) -> Result<(String, Result<(), String>), String> {
        println!("$ {} {}", self.program, self.args.join(" "));
        let mut command = self.command(root);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| self.unable(&error))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (out, err) = std::thread::scope(|threads| {
            let out = threads.spawn(|| copy(stdout, std::io::stdout()));
            let err = threads.spawn(|| copy(stderr, std::io::stderr()));
            (out.join().unwrap_or_default(), err.join().unwrap_or_default())
        });
        let status = child.wait().map_err(|error| self.unable(&error))?;
        Ok((out + &err, if status.success() { Ok(()) } else { Err(self.ended(status)) }))
    }

    /// Whether it can be run and succeeds; shows nothing.
    pub(crate) fn works(&self, root: &Path) -> bool {
        let mut command = self.command(root);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn unable(&self, error: &std::io::Error) -> String {
        format!("{} cannot be run: {error}", self.program)
    }

    fn ended(&self, status: std::process::ExitStatus) -> String {
        format!("{} {}: {status}", self.program, self.args.first().unwrap_or(&""))
    }
}

/// Flags of the compiler: a simulation seeds the choices of its runtime, which tokio allows only under this one.
fn flags(given: Option<String>) -> String {
    const SEEDED: &str = "--cfg tokio_unstable";
    match given {
        Some(given) if given.contains(SEEDED) => given,
        Some(given) => format!("{given} {SEEDED}"),
        None => SEEDED.to_owned(),
    }
}

/// Copies lines as they come and keeps them.
fn copy(from: Option<impl Read>, mut to: impl Write) -> String {
    let mut kept = String::new();
    let Some(from) = from else { return kept };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // Our own output may be closed; what was said still counts.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        kept.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    kept
}

/// Whether a program of this name is on the `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| {
        folder.join(program).is_file() || folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)).is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn the_flag_is_added_once() {
        assert_eq!(flags(None), "--cfg tokio_unstable");
        assert_eq!(flags(Some("-Dx".into())), "-Dx --cfg tokio_unstable");
        assert_eq!(flags(Some("--cfg tokio_unstable".into())), "--cfg tokio_unstable");
    }
}
