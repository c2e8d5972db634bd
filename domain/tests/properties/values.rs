//! Money and a run's totals.

use domain::Usd;
use domain::job::Insights;
use proptest::option::of;
use proptest::prelude::*;

fn insights() -> impl Strategy<Value = Insights> {
    let small = || of(0_u64..5);
    let word = || of("[ab]");
    let counted = (small(), small(), small(), small(), small(), small(), small(), small(), small());
    (counted, (word(), word(), word(), word(), word(), of(any::<bool>()))).prop_map(|(numbers, words)| {
        let (tokens_in, tokens_out, tokens_cached, cost, turns, tool_calls, files_changed, lines_added, lines_deleted) =
            numbers;
        let (model, engine_version, session_id, sandbox, cost_basis, estimated) = words;
        Insights {
            model,
            engine_version,
            session_id,
            sandbox,
            tokens_in,
            tokens_out,
            tokens_cached,
            cost_usd: cost.map(Usd),
            estimated,
            cost_basis,
            turns,
            tool_calls,
            files_changed,
            lines_added,
            lines_deleted,
        }
    })
}

/// The totals without the words, of which the newer one counts.
fn numbers(insights: &Insights) -> Insights {
    let (model, engine_version, session_id, sandbox, cost_basis, estimated) = (None, None, None, None, None, None);
    Insights { model, engine_version, session_id, sandbox, cost_basis, estimated, ..insights.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_read_as_it_is_written(micros in any::<u64>()) {
        prop_assert_eq!(Usd(micros).to_string().parse(), Ok(Usd(micros)));
    }

    #[test]
    fn money_is_read_as_a_decimal(whole in 0_u64..1_000_000, part in 0_u64..1_000_000, digits in 1_usize..=6) {
        let part = part / 10_u64.pow(u32::try_from(6 - digits).expect("given in a good form"));
        let text = format!("{whole}.{part:0digits$}");
        let micros = part * 10_u64.pow(u32::try_from(6 - digits).expect("given in a good form"));
        prop_assert_eq!(text.parse(), Ok(Usd(whole * 1_000_000 + micros)));
    }

    #[test]
    fn money_is_nothing_else(text in "[-+]?[0-9]{0,3}[.,e ]?[0-9]{0,8}[.%]?") {
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        prop_assert_eq!(text.parse::<Usd>().is_ok(), digits(whole, 20) && digits(part, 6), "{}", text);
    }

    #[test]
    fn sums_of_money_stop_at_the_largest_amount(a in any::<u64>(), b in any::<u64>()) {
        prop_assert_eq!(Usd(a).plus(Usd(b)), Usd(a.saturating_add(b)));
    }

    #[test]
    fn totals_do_not_depend_on_order_or_repetition(a in insights(), b in insights(), c in insights()) {
        prop_assert_eq!(numbers(&a.merged(&b)), numbers(&b.merged(&a)));
        prop_assert_eq!(a.merged(&b).merged(&c), a.merged(&b.merged(&c)));
        prop_assert_eq!(a.merged(&a), a.clone());
        prop_assert_eq!(a.merged(&b).merged(&b), a.merged(&b));
        prop_assert_eq!(a.merged(&Insights::default()), a);
    }

    #[test]
    fn totals_never_shrink(a in insights(), b in insights()) {
        let both = a.merged(&b);
        for one in [&a, &b] {
            prop_assert!(both.cost_usd >= one.cost_usd && both.tokens_in >= one.tokens_in);
            prop_assert!(both.tokens_out >= one.tokens_out && both.turns >= one.turns);
            prop_assert!(!one.has_usage() || both.has_usage());
        }
    }
}

#[test]
fn amounts_past_the_largest_are_refused() {
    assert_eq!("18446744073709.551615".parse(), Ok(Usd(u64::MAX)));
    assert!("18446744073709.551616".parse::<Usd>().is_err());
    assert!("99999999999999999999".parse::<Usd>().is_err());
    assert!("100000000000000000000000".parse::<Usd>().is_err());
}
