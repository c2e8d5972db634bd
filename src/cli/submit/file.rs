//! One markdown file that is to be submitted, read and checked before anything is sent.

use std::io::Read;
use std::path::Path;

use wire::{ClientError, Code, Manifest};

use crate::cli::failure::Failure;

/// The largest job that the coordinator takes.
const MOST: u64 = 1024 * 1024;

/// A markdown file.
#[derive(Debug)]
pub(super) struct File {
    /// How messages name it.
    pub(super) name: String,
    /// What it says.
    pub(super) text: String,
}

impl File {
    /// Reads a file, or the standard input for `-`. Refuses one whose front matter is wrong.
    pub(super) fn read(name: &str) -> Result<Self, Failure> {
        let (shown, text) = if name == "-" {
            ("standard input", text(std::io::stdin().lock()))
        } else if Path::new(name).is_dir() {
            return Err(Failure::usage(format!("{name} is a directory: name the files in it")));
        } else {
            (name, std::fs::File::open(name).and_then(text))
        };
        let text = text.map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
        let file = Self { name: shown.to_owned(), text };
        match Manifest::parse(&file.text) {
            Ok(_) => Ok(file),
            Err(problem) => Err(Failure::Manifest { file: file.name, text: file.text, problem: Box::new(problem) }),
        }
    }

    /// The coordinator's refusal, shown in the file where it names a place in it.
    pub(super) fn refused(&self, error: ClientError) -> Failure {
        match error {
            ClientError::Problem(problem) if problem.code == Code::InvalidManifest => {
                Failure::Manifest { file: self.name.clone(), text: self.text.clone(), problem }
            }
            ClientError::Problem(_) | ClientError::Transport(_) | ClientError::Protocol(_) => error.into(),
        }
    }
}

fn text(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(std::io::Error::other(format!("is larger than {MOST} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn what_cannot_be_sent_is_refused_before_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            File::read(path.to_str().unwrap())
        };
        assert_eq!(read("good.md", b"# Do it\n").unwrap().text, "# Do it\n");
        let bad = read("bad.md", b"---\nyolo: maybe\n---\nx\n").unwrap_err();
        assert_eq!((bad.exit(), bad.to_string().contains("bad.md: ")), (Exit::Failed, true));
        let large = vec![b'x'; 1024 * 1024 + 1];
        assert!(read("large.md", &large).unwrap_err().to_string().contains("larger than"));
        assert_eq!(File::read(dir.path().to_str().unwrap()).unwrap_err().exit(), Exit::Usage);
        assert_eq!(File::read("/nowhere/at/all.md").unwrap_err().exit(), Exit::Usage);
    }
}
