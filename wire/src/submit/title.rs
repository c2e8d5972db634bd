//! Finds a title for instructions that come without one.

/// Characters in a title, at most.
pub(crate) const MAX_TITLE: usize = 200;

/// Takes the first heading or line of the body that says something, without marks, cut to a title's length.
pub(super) fn title_of(body: &str) -> String {
    let said = |line: &&str| !line.is_empty();
    let heading = body.lines().map(bare).find(said);
    let line = heading.or_else(|| body.lines().map(str::trim).find(said)).unwrap_or_default();
    let clean = line.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MAX_TITLE).collect::<String>().trim().to_owned()
}

/// The line without the marks of a heading.
fn bare(line: &str) -> &str {
    let line = line.trim();
    let inner = line.trim_start_matches('#');
    let is_heading = inner.len() < line.len() && (inner.is_empty() || inner.starts_with([' ', '\t']));
    if is_heading { inner.trim().trim_end_matches('#').trim_end() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_heading_or_line_is_the_title() {
        for (body, title) in [
            ("# Fix it\n\ntext", "Fix it"),
            ("\n\n  plain words  \n# later", "plain words"),
            ("## Fix it ##\n", "Fix it"),
            ("#\nnext", "next"),
            ("#1234 is broken", "#1234 is broken"),
            ("###", "###"),
            ("a\tb", "a b"),
        ] {
            assert_eq!(title_of(body), title, "{body:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_by_characters() {
        assert_eq!(title_of(&"é".repeat(500)).chars().count(), 200);
    }
}
