//! `gigafactory settings`: shows what is chosen for a product, or changes some of it.
//! Reads, changes what is named, and writes the whole back under its revision.

use std::str::FromStr;

use clap::Subcommand;
use comfy_table::Table;
use domain::profile::Wanted;
use wire::{Money, Settings, Tagged};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::table;

/// What about settings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    order: Option<Order>,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Changes some settings; the others stay as they are.
    Set {
        /// reviewLimit=N (jobs that may wait in review), estimateUsd=AMOUNT (of a job without a budget of its own),
        /// recordScores=on|off, defaultProfile=NAME[@VERSION], defaultRepo=REPO; none sets back.
        #[arg(value_name = "NAME=VALUE", required = true)]
        changes: Vec<Change>,
    },
}

/// How one setting is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    ReviewLimit(Option<u32>),
    EstimateUsd(Option<Money>),
    RecordScores(bool),
    DefaultProfile(Option<Wanted>),
    DefaultRepo(Option<String>),
}

impl FromStr for Change {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as reviewLimit=10")?;
        let given = Some(value).filter(|value| *value != "none");
        match name {
            "reviewLimit" => {
                let limit = given.map(str::parse).transpose().ok().filter(|limit| *limit != Some(0));
                limit.map(Self::ReviewLimit).ok_or_else(|| "reviewLimit must be a whole number above 0, or none".into())
            }
            "estimateUsd" => {
                let amount = given.map(str::parse).transpose();
                amount.map(Self::EstimateUsd).map_err(|bad| format!("estimateUsd {bad}, or none"))
            }
            "recordScores" => match value {
                "on" => Ok(Self::RecordScores(true)),
                "off" | "none" => Ok(Self::RecordScores(false)),
                _ => Err("recordScores must be on or off".into()),
            },
            "defaultProfile" => {
                let wanted = given.map(str::parse).transpose();
                wanted
                    .map(Self::DefaultProfile)
                    .map_err(|bad| format!("defaultProfile must match {}, or none", bad.form))
            }
            "defaultRepo" => Ok(Self::DefaultRepo(given.map(str::to_owned))),
            _ => Err(format!(
                "{name:?} is no setting: reviewLimit, estimateUsd, recordScores, defaultProfile, defaultRepo"
            )),
        }
    }
}

impl Change {
    fn apply(self, to: &mut Settings) {
        match self {
            Self::ReviewLimit(limit) => to.review_limit = limit,
            Self::EstimateUsd(amount) => to.estimate_usd = amount,
            Self::RecordScores(on) => to.record_scores = on,
            Self::DefaultProfile(profile) => to.default_profile = profile.map(|wanted| wanted.to_string()),
            Self::DefaultRepo(repo) => to.default_repo = repo,
        }
    }
}

/// Shows the settings, or those that the order has led to.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let Tagged { record: mut shown, etag } = desk.client.settings().await?;
    if let Some(Order::Set { changes }) = args.order {
        changes.into_iter().for_each(|change| change.apply(&mut shown));
        // Whoever changes them at the same time changes others: neither change may get lost.
        shown = desk.client.set_settings(&shown, etag.as_deref()).await?.record;
    }
    if desk.out.json {
        desk.out.record(&shown)?;
    } else {
        desk.out.table(rows(shown))?;
    }
    Ok(Exit::Done)
}

fn rows(settings: Settings) -> Table {
    let Settings { review_limit, estimate_usd, record_scores, default_profile, default_repo } = settings;
    let mut rows = table(&["setting", "value"]);
    rows.add_row(["reviewLimit", &or_none(review_limit)]);
    rows.add_row(["estimateUsd", &or_none(estimate_usd)]);
    rows.add_row(["recordScores", if record_scores { "on" } else { "off" }]);
    rows.add_row(["defaultProfile", &or_none(default_profile)]);
    rows.add_row(["defaultRepo", &or_none(default_repo)]);
    rows
}

fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(texts: &[&str]) -> Result<String, String> {
        let mut settings = Settings { review_limit: Some(7), ..Settings::default() };
        for text in texts {
            text.parse::<Change>()?.apply(&mut settings);
        }
        Ok(rows(settings).trim_fmt().split_whitespace().skip(2).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn only_what_is_named_changes() {
        let rest = "defaultProfile none defaultRepo none";
        assert_eq!(changed(&[]).unwrap(), format!("reviewLimit 7 estimateUsd none recordScores off {rest}"));
        let all =
            ["reviewLimit=3", "estimateUsd=1.50", "recordScores=on", "defaultProfile=a@2", "defaultRepo=/srv/shop"];
        let shown = "reviewLimit 3 estimateUsd 1.5 recordScores on defaultProfile a@2 defaultRepo /srv/shop";
        assert_eq!(changed(&all).unwrap(), shown);
        let none = all.map(|text| format!("{}=none", text.split_once('=').unwrap().0));
        let back = [&all[..], &none.each_ref().map(String::as_str)].concat();
        assert_eq!(changed(&back).unwrap(), format!("reviewLimit none estimateUsd none recordScores off {rest}"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, says) in [
            ("reviewLimit", "must be NAME=VALUE"),
            ("reviewLimit=0", "reviewLimit must be"),
            ("reviewLimit=-1", "reviewLimit must be"),
            ("reviewLimit=", "reviewLimit must be"),
            ("estimateUsd=-1", "estimateUsd must be"),
            ("estimateUsd=much", "estimateUsd must be"),
            ("recordScores=yes", "recordScores must be"),
            ("defaultProfile=A", "defaultProfile must match"),
            ("defaultProfile=a@0", "defaultProfile must match"),
            ("paused=on", "\"paused\" is no setting"),
        ] {
            assert!(changed(&[text]).unwrap_err().starts_with(says), "{text}");
        }
    }
}
