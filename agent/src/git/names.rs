//! Which names may reach the git command line. Everything here comes from a job and is hostile until checked:
//! a name that could be an option, a pattern or another transport is refused, never repaired.

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// The text is no name that git gives a branch, tag or ref.
    #[error("not a valid ref name")]
    Ref,
    /// The text is no full commit id.
    #[error("not a full commit id")]
    Commit,
    /// The text is no path or URL of a repository that may be used.
    #[error("not a repository path, or a URL with a transport other than https, http, ssh or git")]
    Repository,
    /// The text leaves the directory that it should stay in.
    #[error("not a path inside the repository")]
    Path,
}

/// Accepts what `git check-ref-format` accepts, and nothing that begins with a dash.
pub fn check_ref(name: &str) -> Result<&str, BadName> {
    let part_ok = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let char_ok = |c: char| !c.is_control() && !matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let ok = !name.starts_with('-')
        && name.len() <= 1_000
        && name != "@"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name.chars().all(char_ok)
        && name.split('/').all(part_ok);
    if ok { Ok(name) } else { Err(BadName::Ref) }
}

/// Accepts a full commit id: 40 or 64 hexadecimal digits.
pub(super) fn check_commit(id: &str) -> Result<&str, BadName> {
    let ok = matches!(id.len(), 40 | 64) && id.bytes().all(|b| b.is_ascii_hexdigit());
    if ok { Ok(id) } else { Err(BadName::Commit) }
}

/// Accepts an absolute or relative path, an https, http, ssh, git or file URL, or `host:path`; gives what git is to be
/// called with. Refuses options, other transports and remote helpers (`ext::…`).
pub fn check_repository(repo: &str) -> Result<String, BadName> {
    let clean = !repo.is_empty()
        && repo.len() <= 4_096
        && !repo.starts_with('-')
        && !repo.contains("::")
        && !repo.chars().any(char::is_control);
    if !clean {
        return Err(BadName::Repository);
    }
    if let Some((scheme, rest)) = repo.split_once("://") {
        let known = matches!(scheme, "https" | "http" | "ssh" | "git" | "file");
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let dashed = rest.starts_with('-') || host.starts_with('-');
        return if known && !rest.is_empty() && !dashed { Ok(repo.to_owned()) } else { Err(BadName::Repository) };
    }
    if let Some((host, path)) = repo.split_once(':')
        && host.len() > 1
        && !host.contains(['/', '\\'])
    {
        let name = host.rsplit_once('@').map_or(host, |(_, name)| name);
        let ok = !name.is_empty() && !name.starts_with('-') && !path.is_empty() && !path.starts_with('-');
        return if ok { Ok(repo.to_owned()) } else { Err(BadName::Repository) };
    }
    let path = std::path::absolute(repo).map_err(|_| BadName::Repository)?;
    Ok(path.to_string_lossy().into_owned())
}

/// Accepts a relative path without `..`.
pub fn check_inner_path(path: &str) -> Result<&std::path::Path, BadName> {
    use std::path::{Component, Path};
    let path = Path::new(path);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if inside { Ok(path) } else { Err(BadName::Path) }
}

/// The text without passwords that URLs carry (`https://user:secret@host`), for messages and reports.
pub(crate) fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c == '/' || c.is_whitespace() || c == '\'').unwrap_or(after.len());
        let authority = &after[..end];
        match authority.rfind('@') {
            Some(at) => clean.push_str(&format!("***{}", &authority[at..])),
            None => clean.push_str(authority),
        }
        rest = &after[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_refs_are_refused() {
        let hostile = [
            "",
            "-",
            "--upload-pack=touch x",
            "-b",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "@",
            "a@{1}",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a/",
            "/a",
            "a//b",
            "a.",
            "a\nb",
            "a\0b",
            "a\u{7f}",
        ];
        for name in hostile {
            assert_eq!(check_ref(name), Err(BadName::Ref), "{name:?}");
        }
        for name in ["main", "feature/one", "refs/heads/x", "v1.0", "größe", "a-b_c"] {
            assert_eq!(check_ref(name), Ok(name));
        }
    }

    #[test]
    fn hostile_repositories_are_refused() {
        let hostile = [
            "",
            "--upload-pack=x",
            "-oProxyCommand=x",
            "ext::sh -c id",
            "fd::3",
            "ftp://h/x",
            "ssh://-oProxyCommand=x/y",
            "ssh://git@-oProxyCommand=x/y",
            "-oX:y",
            "git@-oX:y",
            "host:-x",
            "a\nb",
            "https://",
        ];
        for repo in hostile {
            assert_eq!(check_repository(repo), Err(BadName::Repository), "{repo:?}");
        }
        for repo in
            ["https://example.com/a.git", "git@example.com:a/b.git", "ssh://git@h/x", "/srv/a b", "file:///srv/a"]
        {
            assert_eq!(check_repository(repo).as_deref(), Ok(repo));
        }
    }

    #[test]
    fn inner_paths_stay_inside() {
        for path in ["/etc", "../x", "a/../../b"] {
            assert_eq!(check_inner_path(path), Err(BadName::Path), "{path:?}");
        }
        assert!(check_inner_path("a/./b").is_ok());
    }

    #[test]
    fn passwords_in_urls_are_hidden() {
        let text = "fatal: unable to access 'https://bob:s3cr3t@example.com/a.git/': gone; see ssh://h/x";
        assert_eq!(redact(text), "fatal: unable to access 'https://***@example.com/a.git/': gone; see ssh://h/x");
    }
}
