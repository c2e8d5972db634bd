//! Finds and ends processes of a run that left its process group. They are known by a variable of their environment
//! that only this run's processes were given. Touches no process without it.

/// Ends every process whose environment says `name=value`. Only where the system shows environments (Linux).
pub fn sweep(name: &str, value: &str) -> usize {
    #[cfg(target_os = "linux")]
    {
        linux::marked(&format!("{name}={value}")).into_iter().filter(|id| linux::kill(*id)).count()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (name, value);
        0
    }
}

/// Some process of the group still runs; one that only waits to be reaped does not count where that can be told.
#[cfg(unix)]
pub(crate) fn group_is_alive(group: i32) -> bool {
    use nix::errno::Errno;
    use nix::sys::signal::killpg;
    use nix::unistd::Pid;
    if matches!(killpg(Pid::from_raw(group), None), Err(Errno::ESRCH)) {
        return false;
    }
    #[cfg(target_os = "linux")]
    {
        linux::processes().any(|id| linux::runs_in(id, group))
    }
    #[cfg(not(target_os = "linux"))]
    {
        true
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use nix::sys::signal::{Signal, kill as send};
    use nix::unistd::Pid;

    pub(super) fn processes() -> impl Iterator<Item = i32> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
    }

    /// The processes that carry the mark, but never this one.
    pub(super) fn marked(mark: &str) -> Vec<i32> {
        let own = i32::try_from(std::process::id()).unwrap_or(0);
        processes().filter(|id| *id > 1 && *id != own && carries(*id, mark)).collect()
    }

    /// The process is of the group and is more than an entry that waits to be reaped.
    pub(super) fn runs_in(id: i32, group: i32) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
        // The name before it, in parentheses, may hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
        let mut fields = rest.split(' ');
        let (state, its_group) = (fields.next(), fields.nth(1));
        !matches!(state, Some("Z" | "X")) && its_group.and_then(|text| text.parse().ok()) == Some(group)
    }

    fn carries(id: i32, mark: &str) -> bool {
        let Ok(environment) = std::fs::read(format!("/proc/{id}/environ")) else { return false };
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    }

    pub(super) fn kill(id: i32) -> bool {
        send(Pid::from_raw(id), Signal::SIGKILL).is_ok()
    }
}
