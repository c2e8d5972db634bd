//! The programs that tests of the whole start: built as they are shipped, and once more with fail points.
//!
//! Both come from the ordinary release directory, so what they depend on is built once; cargo knows what is up to date.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::Call;

/// Where the programs lie.
pub(crate) struct Binaries {
    /// As it is shipped.
    pub(crate) shipped: PathBuf,
    /// With the cargo feature `faults`.
    pub(crate) faulty: PathBuf,
}

impl Binaries {
    /// The variables by which tests find them.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [("GIGAFACTORY_RELEASE_BIN", text(&self.shipped)), ("GIGAFACTORY_FAULTS_BIN", text(&self.faulty))]
    }
}

const BUILD: [&str; 4] = ["build", "--release", "--bin", "gigafactory"];
const NAME: &str = "gigafactory";

/// Builds both into `target/proof/`. What is there already is replaced only if it has changed.
pub(crate) fn build(root: &Path) -> Result<Binaries, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let built = target.join("release").join(NAME).with_extension(std::env::consts::EXE_EXTENSION);
    let proof = target.join("proof");
    fs::create_dir_all(&proof).map_err(|error| format!("{}: {error}", proof.display()))?;
    let copy = |args: &[&str], name: &str| {
        Call::cargo(args).run(root)?;
        let to = proof.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        place(&built, &to).map_err(|error| format!("{}: {error}", to.display()))?;
        Ok::<_, String>(to)
    };
    // The shipped one last: it is what the release directory is left with.
    let faulty = copy(&[BUILD.as_slice(), &["--features", "faults"]].concat(), "gigafactory-faults")?;
    let shipped = copy(&BUILD, NAME)?;
    Ok(Binaries { shipped, faulty })
}

/// Copies a program to its place in one go: a test may be running the one before.
fn place(from: &Path, to: &Path) -> std::io::Result<()> {
    let new = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    let beside = to.with_extension("new");
    fs::copy(from, &beside)?;
    fs::rename(beside, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_replaced_only_if_it_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "one").unwrap();
        place(&from, &to).unwrap();
        let first = fs::metadata(&to).unwrap().modified().unwrap();
        place(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), first);
        fs::write(&from, "two").unwrap();
        place(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
    }
}
