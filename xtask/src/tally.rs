//! Counts of tests, read from what the runners say at their end.

/// How many tests passed, did not pass, and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads the closing lines of nextest; without any, those of cargo's own runner. nextest repeats what a failed test
    /// said, which ends like a run of the other.
    pub(crate) fn read(said: &str) -> Self {
        let of = |closing: fn(&str) -> Option<&str>| said.lines().filter_map(closing).map(counted).reduce(Self::plus);
        of(nextest).or_else(|| of(libtest)).unwrap_or_default()
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// The closing line.
    pub(crate) fn line(self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The counts in nextest's closing line.
fn nextest(line: &str) -> Option<&str> {
    let summary = line.trim_start().strip_prefix("Summary [")?;
    summary.split_once(" run: ").map(|(_, counts)| counts)
}

/// The counts in the closing line of cargo's own runner.
fn libtest(line: &str) -> Option<&str> {
    let result = line.strip_prefix("test result: ")?;
    result.split_once(". ").map(|(_, counts)| counts)
}

fn counted(counts: &str) -> Tally {
    let mut tally = Tally::default();
    for part in counts.split([',', ';']) {
        let Some((count, word)) = part.trim().split_once(' ') else { continue };
        let Ok(count) = count.parse::<u64>() else { continue };
        match word.split(' ').next().unwrap_or_default() {
            "passed" => tally.passed += count,
            "failed" | "exec" | "timed" => tally.failed += count,
            "skipped" | "ignored" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn reads_the_closing_lines_of_both_runners() {
        for (line, expected) in [
            ("     Summary [   0.005s] 3 tests run: 3 passed, 0 skipped", tally(3, 0, 0)),
            ("     Summary [   1.2s] 1 test run: 1 passed (1 slow), 4 skipped", tally(1, 0, 4)),
            (
                "     Summary [ 9s] 7/9 tests run: 4 passed, 1 failed, 1 timed out, 1 exec failed, 2 skipped",
                tally(4, 3, 2),
            ),
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
                tally(5, 0, 1),
            ),
            ("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", tally(5, 2, 0)),
        ] {
            assert_eq!(Tally::read(line), expected, "{line}");
        }
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "running 3 tests", "test a ... ok", "Summary of 3 passed", "3 passed, 0 failed"] {
            assert_eq!(Tally::read(line), Tally::default(), "{line}");
        }
    }

    #[test]
    fn what_nextest_repeats_of_a_failed_test_counts_once() {
        let said =
            "test result: FAILED. 0 passed; 1 failed; 0 ignored\n  Summary [ 1s] 2 tests run: 1 passed, 1 failed";
        assert_eq!(Tally::read(said), tally(1, 1, 0));
    }

    #[test]
    fn lines_add_up() {
        let said = "test result: ok. 2 passed; 0 failed\nnoise\ntest result: ok. 3 passed; 1 failed; 0 ignored";
        assert_eq!(Tally::read(said).line(), "5 passed, 1 failed, 0 skipped");
    }
}
