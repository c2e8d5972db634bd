//! Fenced blocks of a markdown text. Reads only as much markdown as that takes.

/// The content of the first fenced block whose language is one of `languages`.
pub fn first(body: &str, languages: &[&str]) -> Option<String> {
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let Some((fence, info)) = opening(line) else { continue };
        let wanted = info.split_whitespace().next().is_some_and(|word| languages.contains(&word));
        let block = lines.by_ref().take_while(|line| !closes(line, fence));
        if wanted {
            return Some(block.fold(String::new(), |text, line| text + line + "\n"));
        }
        // The lines of another block must not be taken for an opening.
        block.for_each(drop);
    }
    None
}

/// A line that opens a block: its fence, and the words after it.
fn opening(line: &str) -> Option<(&str, &str)> {
    let text = line.trim_start_matches(' ');
    if line.len() - text.len() > 3 {
        return None;
    }
    let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = text.trim_start_matches(mark);
    let fence = &text[..text.len() - info.len()];
    (fence.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some((fence, info.trim()))
}

fn closes(line: &str, fence: &str) -> bool {
    let text = line.trim();
    text.len() >= fence.len() && text.starts_with(fence) && text.trim_start_matches(&fence[..1]).is_empty()
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn the_first_block_of_a_language_is_found() {
        let body =
            "# Do\n\n```json\n```sh\n{}\n```\n\n~~~bash title=x\necho 1\n```\necho 2\n~~~\n\n```sh\necho 3\n```\n";
        assert_eq!(first(body, &["sh", "bash"]).as_deref(), Some("echo 1\n```\necho 2\n"));
        assert_eq!(first(body, &["sh"]).as_deref(), Some("echo 3\n"));
        assert_eq!(first(body, &["python"]), None);
    }

    #[test]
    fn a_block_without_an_end_runs_to_the_end() {
        assert_eq!(first("````sh\na\n```\nb", &["sh"]).as_deref(), Some("a\n```\nb\n"));
    }

    #[test]
    fn what_only_looks_like_a_block_is_none() {
        for body in ["    ```sh\n    x\n", "``sh\nx\n``", "```sh`\nx", "text ```sh\nx\n```"] {
            assert_eq!(first(body, &["sh"]), None, "{body:?}");
        }
    }
}
