//! The windows of a budget against a calendar that is walked day by day.

use domain::Timestamp;
use domain::budget::{Day, Window};
use proptest::prelude::*;

const KINDS: [Window; 3] = [Window::Daily, Window::Weekly, Window::Monthly];

fn days_of(year: i64, month: usize) -> i64 {
    let leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    [31, 28 + i64::from(leaps), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
}

#[test]
fn every_day_of_two_centuries_lies_in_its_windows() {
    let (mut day, mut month_start, mut week_start) = (0, 0, -3);
    for year in 1970..2170 {
        for month in 1..=12 {
            for of_month in 1..=days_of(year, month) {
                if of_month == 1 {
                    month_start = day;
                }
                // 1970-01-05 was a Monday.
                if (day - 4) % 7 == 0 {
                    week_start = day;
                }
                assert_eq!(Day(day).to_string(), format!("{year:04}-{month:02}-{of_month:02}"));
                let last = Timestamp(Day(day + 1).start().0 - 1);
                for at in [Day(day).start(), last] {
                    assert_eq!(Day::of(at), Day(day));
                    assert_eq!(Window::Daily.start(at), Day(day).start());
                    assert_eq!(Window::Weekly.start(at), Day(week_start).start());
                    assert_eq!(Window::Monthly.start(at), Day(month_start).start());
                }
                let next = Day(month_start + days_of(year, month)).start();
                assert_eq!(Window::Monthly.end(Day(month_start).start()), Some(next));
                day += 1;
            }
        }
    }
}

#[test]
fn leap_days_and_year_ends_are_where_they_ought_to_be() {
    let month = |at: &str, next: &str| {
        let day = (0..100_000).map(Day).find(|day| day.to_string() == at).expect("given in a good form");
        let end = Window::Monthly.end(Window::Monthly.start(day.start())).expect("months end");
        assert_eq!(Day::of(end).to_string(), next);
    };
    month("2024-02-29", "2024-03-01");
    month("2100-02-28", "2100-03-01");
    month("2000-02-29", "2000-03-01");
    month("2026-12-31", "2027-01-01");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_follow_each_other_without_a_gap(ms in -100_000_000_000_000_i64..100_000_000_000_000) {
        let at = Timestamp(ms);
        for kind in KINDS {
            let start = kind.start(at);
            let end = kind.end(start).expect("it ends");
            prop_assert!(start <= at && at < end);
            prop_assert_eq!(kind.start(start), start);
            prop_assert_eq!(kind.start(end), end);
            prop_assert_eq!(kind.start(Timestamp(end.0 - 1)), start);
            prop_assert_eq!(Day::of(start).start(), start, "windows are whole days");
        }
        prop_assert_eq!(Window::Total.end(Window::Total.start(at)), None);
    }

    #[test]
    fn no_instant_is_too_far_away(ms in any::<i64>()) {
        for kind in KINDS {
            let start = kind.start(Timestamp(ms));
            prop_assert!(kind.end(start) >= Some(start));
        }
    }
}
