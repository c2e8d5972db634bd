//! Cuts a markdown file into front matter and body, by lines alone.

use super::invalid;
use super::tree::Place;
use crate::problem::Problem;

/// Bytes of front matter, at most.
const MAX_FRONT: usize = 64 * 1024;

/// The parts of a file.
pub(super) struct File<'a> {
    /// From the opening `---` to the line before the closing one. YAML reads the opening line as the start of a
    /// document, so its lines and columns are those of the file.
    pub(super) front: Option<&'a str>,
    /// Everything after the closing line.
    pub(super) body: &'a str,
}

/// Takes a byte order mark and any ends of lines. Refuses front matter that is never closed, or is too long.
pub(super) fn split(text: &str) -> Result<File<'_>, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| is_fence(line)) else {
        return Ok(File { front: None, body: text });
    };
    let mut end = first.len();
    for line in lines {
        if is_fence(line) {
            if end > MAX_FRONT {
                let detail = format!("the front matter must have at most {MAX_FRONT} bytes");
                return Err(invalid(Place::START, "", &detail));
            }
            return Ok(File { front: Some(&text[..end]), body: &text[end + line.len()..] });
        }
        end += line.len();
    }
    Err(invalid(Place::START, "", "the front matter that begins here is not closed by a line `---`"))
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}
