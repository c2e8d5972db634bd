//! `gigafactory budget`: shows what a product may spend and has spent, changes it, or says where the money went.
//! Reads, changes what is named, and writes the whole back under its revision.

use clap::Subcommand;
use wire::{Budget, Burndown, Money, SetBudget, Tagged, Window};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::table;

/// What about the budget.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    order: Option<Order>,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Changes ceiling or window; the other one stays as it is.
    Set {
        /// How much may be spent in a window, in USD; none: no limit.
        #[arg(long, value_name = "USD|none", value_parser = ceiling, required_unless_present = "window")]
        ceiling: Option<Ceiling>,
        /// For how long that holds: total, daily, weekly or monthly.
        #[arg(long)]
        window: Option<Window>,
    },
    /// Hands out no more jobs, for the sake of the money.
    Pause,
    /// Lifts that again.
    Resume,
    /// Shows where the money went: by day, by job, by engine.
    Burndown {
        /// The first day, as YYYY-MM-DD in UTC; the beginning of the window where it is left out.
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// The last day; today where it is left out.
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
    },
}

/// How the ceiling is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ceiling(Option<Money>);

fn ceiling(text: &str) -> Result<Ceiling, String> {
    let given = Some(text).filter(|text| *text != "none");
    given.map(|text| text.parse().map_err(|bad| format!("{bad}, or none"))).transpose().map(Ceiling)
}

/// Shows the budget, or what the order has led to.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let budget = match args.order {
        None => desk.client.budget().await?.record,
        Some(Order::Pause) => desk.client.pause_budget().await?,
        Some(Order::Resume) => desk.client.resume_budget().await?,
        Some(Order::Set { ceiling, window }) => {
            let Tagged { record, etag } = desk.client.budget().await?;
            let ceiling_usd = ceiling.map_or(record.ceiling_usd, |Ceiling(given)| given);
            let window = Some(window.unwrap_or(record.window));
            // Whoever changes it at the same time changes the other one: neither change may get lost.
            desk.client.set_budget(&SetBudget { ceiling_usd, window }, etag.as_deref()).await?
        }
        Some(Order::Burndown { from, to }) => {
            let sums = desk.client.burndown(from.as_deref(), to.as_deref()).await?;
            return show_burndown(&desk, &sums);
        }
    };
    if desk.out.json {
        desk.out.record(&budget)?;
    } else {
        desk.out.table(rows(&budget))?;
    }
    Ok(Exit::Done)
}

fn rows(budget: &Budget) -> comfy_table::Table {
    let mut rows = table(&["budget", &budget.product_id]);
    let usd = |money: Money| format!("{money} USD");
    rows.add_row(["ceiling".to_owned(), budget.ceiling_usd.map_or_else(|| "none".to_owned(), usd)]);
    let window = budget.window.to_string();
    let until = budget.window_end.map(|end| format!(", until {end}")).unwrap_or_default();
    rows.add_row(["window".to_owned(), format!("{window}{until}")]);
    rows.add_row(["spent".to_owned(), usd(budget.spent_usd)]);
    rows.add_row(["reserved".to_owned(), usd(budget.reserved_usd)]);
    let by = budget.paused_by.map(|by| format!(" by {by}")).unwrap_or_default();
    rows.add_row(["status".to_owned(), format!("{}{by}", budget.status)]);
    rows
}

fn show_burndown(desk: &Desk, sums: &Burndown) -> Result<Exit, Failure> {
    if desk.out.json {
        desk.out.record(sums)?;
        return Ok(Exit::Done);
    }
    let estimated = if sums.estimated_usd == Money::default() {
        String::new()
    } else {
        format!(", {} of it estimated", sums.estimated_usd)
    };
    desk.out.line(&format!("{} to {}: {} USD{estimated}", sums.from, sums.to, sums.total_usd))?;
    let mut rows = table(&["by", "", "usd"]);
    for day in &sums.days {
        rows.add_row(["day", &day.day, &day.spent_usd.to_string()]);
    }
    for job in &sums.jobs {
        rows.add_row(["job", &job.job_id, &job.spent_usd.to_string()]);
    }
    for engine in &sums.engines {
        let name = engine.engine.clone().unwrap_or_else(|| "(none chosen)".to_owned());
        rows.add_row(["engine", &super::out::clean(&name), &engine.spent_usd.to_string()]);
    }
    desk.out.table(rows)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ceiling_is_an_amount_or_none() {
        assert_eq!(ceiling("none"), Ok(Ceiling(None)));
        assert_eq!(ceiling("12.50"), Ok(Ceiling(Some("12.5".parse().unwrap()))));
        for text in ["-1", "much", "", "1e3"] {
            assert!(ceiling(text).unwrap_err().ends_with(", or none"), "{text}");
        }
    }
}
