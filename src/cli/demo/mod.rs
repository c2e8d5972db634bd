//! `gigafactory demo`: a whole fleet on this host, all of it real: a coordinator and factories as processes of their
//! own, a git repository, a dozen jobs, one machine lost in mid-run. Everything that it starts it also ends.

mod checks;
mod jobs;
mod log;
mod process;
mod repository;
mod story;
mod table;
mod world;

use serde::Serialize;

use super::connect::Global;
use super::exit::{Exit, signalled};
use super::failure::Failure;
use super::out::{Out, note};
use checks::Check;
use story::Story;
use world::World;

/// How the demo ends.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Leaves everything running at the end, says where to look, and waits for Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// What the JSON form looks like.
#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    jobs: Vec<table::Row>,
    checks: &'a [Check],
}

/// Tells what happens while it happens.
#[derive(Clone, Copy, Debug)]
struct Teller {
    out: Out,
}

impl Teller {
    /// Says a line: to a person beside the rest, to a program out of the way.
    fn say(self, line: &str) {
        if self.out.json {
            note(line);
        } else {
            // Whoever stopped reading still wants everything to be ended in order.
            let _ = self.out.line(line);
        }
    }
}

/// Plays the demo.
pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let teller = Teller { out: Out::new(global.json) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signal = std::pin::pin!(signalled()?);
        let mut world = World::new(args.keep)?;
        let end = tokio::select! {
            biased;
            () = &mut signal => Err(Failure::Interrupted),
            end = play(&mut world, teller) => end,
        };
        if args.keep && !matches!(end, Err(Failure::Interrupted)) {
            teller.say(&world.guide());
            signal.await;
        }
        world.end().await;
        end
    })
}

/// Plays the story and judges it.
async fn play(world: &mut World, teller: Teller) -> Result<Exit, Failure> {
    world.begin(teller).await?;
    let mut story = Story::begin(world, teller).await?;
    story.play(world).await?;
    let story = story.end();
    let checks = checks::all(world, &story).await?;
    let ok = checks.iter().all(|check| check.ok);
    let rows = table::rows(&story);
    if teller.out.json {
        teller.out.record(&Report { ok, jobs: rows, checks: &checks })?;
    } else {
        teller.out.line("")?;
        teller.out.table(table::draw(&rows))?;
        teller.out.line("")?;
        checks.iter().try_for_each(|check| teller.out.line(&check.line()))?;
    }
    if ok { Ok(Exit::Done) } else { Err(Failure::said(Exit::Failed, "the demo did not go as promised")) }
}
