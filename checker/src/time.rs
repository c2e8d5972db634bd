//! Points in time as they are written: RFC 3339 in UTC. Milliseconds since 1970 inside.

/// Reads `2026-11-21T10:49:00.000Z`; the fraction may have any length. None: it is no such text.
pub(crate) fn millis(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (date, clock) = text.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut days = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (days.next()??, days.next()??, days.next()??);
    let mut parts = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    fits.then(|| (((day_number(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millis)
}

/// Days from 1970-01-01 in the Gregorian calendar. Years are counted from March, so that a leap day ends one.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn points_in_time_are_read() {
        assert_eq!(millis("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(millis("2000-02-29T12:00:00Z"), Some(951_825_600_000));
        assert_eq!(millis("2026-11-21T10:49:00.123Z"), Some(1_795_258_140_123));
        assert_eq!(millis("1969-12-31T23:59:59.999Z"), Some(-1));
        for none in ["", "2026-11-21", "2026-11-21T10:49:00.000+01:00", "2026-13-21T10:49:00.000Z"] {
            assert_eq!(millis(none), None, "{none}");
        }
    }
}
