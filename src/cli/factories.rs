//! `gigafactory factories`: lists factories; drains and resumes one.

use clap::Subcommand;
use comfy_table::Table;
use wire::Factory;

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{ago, clean, note, short, table, word};

/// What about factories.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    order: Option<Order>,
    /// Prints ids only.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Gives a factory no new jobs; what it has it finishes.
    Drain {
        /// The factory.
        #[arg(value_name = "ID")]
        factory: String,
    },
    /// Lets a drained factory have jobs again.
    Resume {
        /// The factory.
        #[arg(value_name = "ID")]
        factory: String,
    },
}

/// Lists factories, or gives the order.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let one = match &args.order {
        None => {
            let list = desk.client.factories().await?;
            if desk.out.json {
                desk.out.record(&list)?;
            } else if args.quiet {
                list.data.iter().try_for_each(|factory| desk.out.line(&factory.factory_id))?;
            } else if list.data.is_empty() {
                note("no factories: AQ_FLEET=1 gigafactory factory starts one");
            } else {
                desk.out.table(rows(&list.data))?;
            }
            return Ok(Exit::Done);
        }
        Some(Order::Drain { factory }) => desk.client.drain_factory(factory).await?,
        Some(Order::Resume { factory }) => desk.client.resume_factory(factory).await?,
    };
    if desk.out.json {
        desk.out.record(&one)?
    } else {
        desk.out.table(rows(&[one]))?
    }
    Ok(Exit::Done)
}

fn rows(factories: &[Factory]) -> Table {
    let mut rows = table(&["factory", "state", "health", "seats", "load", "heard", "engines", "capabilities"]);
    for factory in factories {
        let engines = factory.engines.iter().map(|engine| engine.name.as_str()).collect::<Vec<_>>().join(" ");
        rows.add_row([
            clean(&factory.factory_id),
            word(&factory.state),
            word(&factory.health),
            format!("{}/{}", factory.seats_used, factory.seat_limit),
            format!("{:.2}", factory.load),
            format!("{} ago", ago(factory.last_heartbeat_at)),
            short(&engines, 40),
            short(&factory.capabilities.join(" "), 60),
        ]);
    }
    rows
}
