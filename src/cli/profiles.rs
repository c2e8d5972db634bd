//! `gigafactory profiles`: lists profiles, shows one of their versions, publishes a new one.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use comfy_table::Table;
use domain::profile::Wanted;
use wire::{Defaults, Profile, PublishRequest};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{ago, clean, note, short, table};

/// The largest page.
const PAGE: u32 = 1_000;

/// What about profiles.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    order: Option<Order>,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Shows what a profile says: its newest version, or the one that is named.
    Show {
        /// The profile, or one of its versions.
        #[arg(value_name = "NAME[@VERSION]")]
        profile: Wanted,
    },
    /// Publishes what a profile says from now on; older versions stay as they are.
    Publish {
        /// The profile.
        #[arg(value_name = "NAME")]
        name: domain::ProfileName,
        /// A text that says who the agent is to be.
        #[arg(long, value_name = "FILE")]
        persona: Option<PathBuf>,
        /// A JSON object of what holds for jobs that do not say otherwise, such as {"priority": "high"}.
        #[arg(long, value_name = "FILE")]
        defaults: Option<PathBuf>,
    },
}

/// Lists profiles, shows one, or gives the order.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let one = match args.order {
        None => return list(&desk).await,
        Some(Order::Show { profile }) => desk.client.profile(&profile.to_string()).await?,
        Some(Order::Publish { name, persona, defaults }) => {
            let request = request(name.to_string(), persona.as_deref(), defaults.as_deref())?;
            desk.client.publish_profile(&request).await?
        }
    };
    if desk.out.json {
        desk.out.record(&one)?;
    } else {
        desk.out.table(rows(std::slice::from_ref(&one)))?;
        tell(&desk, &one)?;
    }
    Ok(Exit::Done)
}

/// All of them, page after page; with --json one profile per line.
async fn list(desk: &Desk) -> Result<Exit, Failure> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = desk.client.profiles(after.as_deref(), PAGE).await?;
        all.extend(page.data);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if desk.out.json {
        all.iter().try_for_each(|profile| desk.out.record(profile))?;
    } else if all.is_empty() {
        note("no profiles: gigafactory profiles publish NAME makes one");
    } else {
        desk.out.table(rows(&all))?;
    }
    Ok(Exit::Done)
}

/// What a version says, in full.
fn tell(desk: &Desk, profile: &Profile) -> Result<(), Failure> {
    let said = serde_json::to_string(&profile.snapshot.defaults).map_err(std::io::Error::from)?;
    desk.out.line(&format!("\ndefaults  {said}"))?;
    for line in profile.snapshot.persona.iter().flat_map(|persona| persona.lines()) {
        desk.out.line(&format!("  {}", clean(line)))?;
    }
    Ok(())
}

/// Refuses files that cannot be read, and defaults that are none.
fn request(name: String, persona: Option<&Path>, defaults: Option<&Path>) -> Result<PublishRequest, Failure> {
    let persona = persona.map(text).transpose()?;
    let defaults = defaults.map(|file| {
        let read = wire::strict::<Defaults>(text(file)?.as_bytes());
        read.map_err(|problem| Failure::usage(format!("{}: {}", file.display(), problem.detail)))
    });
    Ok(PublishRequest { name, persona, defaults: defaults.transpose()? })
}

fn text(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn rows(profiles: &[Profile]) -> Table {
    let mut rows = table(&["profile", "published", "persona"]);
    for profile in profiles {
        rows.add_row([
            format!("{}@{}", clean(&profile.name), profile.version),
            format!("{} ago", ago(profile.created_at)),
            short(profile.snapshot.persona.as_deref().unwrap_or("-"), 60),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_published_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (persona, defaults) = (file("p.md", "You are careful.\n"), file("d.json", r#"{"engines":["codex"]}"#));
        let read = request("careful".into(), Some(&persona), Some(&defaults)).unwrap();
        let engines = read.defaults.as_ref().and_then(|defaults| defaults.engines.clone());
        assert_eq!((read.persona.as_deref(), engines), (Some("You are careful.\n"), Some(vec!["codex".to_owned()])));
        assert_eq!(request("a".into(), None, None).unwrap(), PublishRequest { name: "a".into(), ..Default::default() });
        for (text, says) in [(r#"{"title":"x"}"#, "/title"), ("no", "not JSON")] {
            let refused = request("a".into(), None, Some(&file("bad.json", text))).unwrap_err();
            assert_eq!((refused.exit(), refused.to_string().contains(says)), (Exit::Usage, true), "{refused}");
        }
        assert_eq!(request("a".into(), Some(Path::new("/nowhere")), None).unwrap_err().exit(), Exit::Usage);
    }
}
