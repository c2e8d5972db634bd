//! The scripted engine, as the process that it runs in: reads its instructions, does what the ```` ```mock ```` block says
//! line by line, always the same way. Stays inside its directory; never talks to anyone but through its output.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Usd;

use crate::engine::block;
use crate::git::check_inner_path;

/// The exit code of a script that cannot be understood or done.
pub const BAD_SCRIPT: i32 = 64;

/// How a script goes on after a line.
enum Next {
    Line,
    Exit(i32),
}

/// What the script has used so far.
#[derive(Default)]
struct Used {
    cost: Option<Usd>,
    tokens: Option<(u64, u64)>,
}

/// Plays the script that `input` carries in `cwd` and gives the exit code. `attempt` counts from 1.
pub fn main(mut input: impl Read, mut output: impl Write, cwd: &Path, attempt: u32) -> i32 {
    let mut body = String::new();
    if let Err(why) = input.read_to_string(&mut body) {
        return complain(&mut output, &format!("instructions cannot be read: {why}"));
    }
    let script = block::first(&body, &["mock"]).unwrap_or_default();
    let mut used = Used::default();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match step(line, &mut output, cwd, attempt, &mut used) {
            Ok(Next::Line) => {}
            Ok(Next::Exit(code)) => return code,
            Err(why) => return complain(&mut output, &format!("{line:?}: {why}")),
        }
    }
    0
}

/// The same over this process's own standard input, directory and environment; what `gigafactory factory mock-engine` calls.
pub fn main_of_process() -> i32 {
    let attempt = std::env::var("GIGAFACTORY_ATTEMPT").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    main(std::io::stdin().lock(), std::io::stdout().lock(), &cwd, attempt)
}

fn complain(output: &mut impl Write, why: &str) -> i32 {
    // Where nobody reads any more there is nobody to tell.
    let _ = writeln!(output, "mock: {why}");
    BAD_SCRIPT
}

fn step(line: &str, output: &mut impl Write, cwd: &Path, attempt: u32, used: &mut Used) -> Result<Next, String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim_start();
    match word {
        "sleep" => {
            let secs: f64 = number(rest)?;
            let pause = Duration::try_from_secs_f64(secs).map_err(|why| why.to_string())?;
            std::thread::sleep(pause);
        }
        "write" | "append" => put(word == "append", rest, cwd)?,
        "print" => say(output, rest)?,
        "fail" => return Ok(Next::Exit(number(rest)?)),
        "fail-until-attempt" if attempt < number::<u32>(rest)? => return Ok(Next::Exit(1)),
        "fail-until-attempt" => {}
        "ask" => {
            say(output, &serde_json::json!({"type": "question", "text": rest}).to_string())?;
            return Ok(Next::Exit(0));
        }
        "cost" => {
            let cost: Usd = number(rest)?;
            used.cost = Some(used.cost.unwrap_or_default().plus(cost));
            say(output, &used.line())?;
        }
        "tokens" => {
            let (read, written) = rest.split_once(char::is_whitespace).ok_or("needs two numbers")?;
            let before = used.tokens.unwrap_or_default();
            used.tokens = Some((before.0 + number::<u64>(read)?, before.1 + number::<u64>(written.trim())?));
            say(output, &used.line())?;
        }
        "checkpoint" => say(output, r#"{"type":"checkpoint"}"#)?,
        _ => return Err("no such directive".to_owned()),
    }
    Ok(Next::Line)
}

impl Used {
    /// The totals so far as a line that the adapter reads; what is unknown is not there.
    fn line(&self) -> String {
        let mut line = String::from(r#"{"type":"usage""#);
        if let Some(cost) = self.cost {
            let _ = write!(line, r#","costUsd":"{cost}""#);
        }
        if let Some((read, written)) = self.tokens {
            let _ = write!(line, r#","tokensIn":{read},"tokensOut":{written}"#);
        }
        line + "}"
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no fitting number"))
}

fn say(output: &mut impl Write, line: &str) -> Result<(), String> {
    writeln!(output, "{line}").and_then(|()| output.flush()).map_err(|why| why.to_string())
}

fn put(append: bool, rest: &str, cwd: &Path) -> Result<(), String> {
    let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if name.is_empty() {
        return Err("needs a path".to_owned());
    }
    let path = cwd.join(check_inner_path(name).map_err(|why| why.to_string())?);
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        let mut file = OpenOptions::new().create(true).write(true).append(append).truncate(!append).open(&path)?;
        writeln!(file, "{text}")
    });
    written.map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(script: &str, attempt: u32) -> (i32, String, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let mut output = Vec::new();
        let body = format!("# Task\n\n```mock\n{script}\n```\n");
        let code = main(body.as_bytes(), &mut output, dir.path(), attempt);
        (code, String::from_utf8(output).unwrap(), dir)
    }

    #[test]
    fn every_directive_does_what_it_says() {
        let script = "# a comment\nwrite a/b.txt one two\nappend a/b.txt three\nwrite c\nprint hello there\nsleep 0.001\n\
                      cost 0.05\ntokens 10 2\ncost 0.01\ncheckpoint\nfail 7\nprint never";
        let (code, output, dir) = play(script, 1);
        assert_eq!(code, 7);
        assert_eq!(std::fs::read_to_string(dir.path().join("a/b.txt")).unwrap(), "one two\nthree\n");
        assert_eq!(std::fs::read_to_string(dir.path().join("c")).unwrap(), "\n");
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(
            lines,
            [
                "hello there",
                r#"{"type":"usage","costUsd":"0.05"}"#,
                r#"{"type":"usage","costUsd":"0.05","tokensIn":10,"tokensOut":2}"#,
                r#"{"type":"usage","costUsd":"0.06","tokensIn":10,"tokensOut":2}"#,
                r#"{"type":"checkpoint"}"#,
            ]
        );
    }

    #[test]
    fn a_question_ends_the_script() {
        let (code, output, _dir) = play("ask Which \"one\"?\nfail 3", 1);
        assert_eq!((code, output.as_str()), (0, "{\"text\":\"Which \\\"one\\\"?\",\"type\":\"question\"}\n"));
    }

    #[test]
    fn early_attempts_fail() {
        assert_eq!([1, 2, 3].map(|attempt| play("fail-until-attempt 3", attempt).0), [1, 1, 0]);
    }

    #[test]
    fn a_bad_script_is_refused() {
        for script in
            ["dance", "sleep -1", "sleep x", "write ../x y", "write /tmp/x y", "write", "cost -1", "tokens 1", "fail"]
        {
            let (code, output, _dir) = play(script, 1);
            assert_eq!(code, BAD_SCRIPT, "{script}");
            assert!(output.starts_with("mock: "), "{output}");
        }
    }

    #[test]
    fn no_script_is_nothing_to_do() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(main("just text".as_bytes(), Vec::new(), dir.path(), 1), 0);
    }
}
