//! Cron expressions of five fields, as the platform's scheduler reads them, and the time zones they are meant in.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// How many days are searched for the next run: a 29 February that is a Monday comes every 28 years, and once every 40
/// years around a century without a leap day.
const DAYS: usize = 366 * 40;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// The days of each month, in the longest year.
const LENGTHS: [i8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The words that stand for a whole expression.
const SHORTHANDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// One field of an expression.
struct FieldRule {
    name: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const FIELDS: [FieldRule; 5] = [
    FieldRule {
        name: "minute",
        first: 0,
        last: 59,
        names: &[],
    },
    FieldRule {
        name: "hour",
        first: 0,
        last: 23,
        names: &[],
    },
    FieldRule {
        name: "day of the month",
        first: 1,
        last: 31,
        names: &[],
    },
    FieldRule {
        name: "month",
        first: 1,
        last: 12,
        names: &MONTHS,
    },
    FieldRule {
        name: "day of the week",
        first: 0,
        last: 6,
        names: &WEEKDAYS,
    },
];

/// The values that a field admits, one bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Values {
    bits: u64,
    /// The field is `*` or `?`: it leaves the choice to the other field for days.
    is_any: bool,
}

impl Values {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits & (1 << value) != 0)
    }
}

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: Values,
    hours: Values,
    days: Values,
    months: Values,
    weekdays: Values,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// The reason, which names the field.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = match SHORTHANDS.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => meaning,
            None if text.starts_with('@') => return Err("it has an unknown word".to_owned()),
            None => text,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts[..] else {
            return Err(format!(
                "it has {} fields instead of 5: minute, hour, day of the month, month, day of the week",
                parts.len()
            ));
        };
        let [minutes, hours, days, months, weekdays] = FIELDS;
        Ok(Self {
            minutes: minutes.read(minute)?,
            hours: hours.read(hour)?,
            days: days.read(day)?,
            months: months.read(month)?,
            weekdays: weekdays.read(weekday)?,
        })
    }

    /// Returns the first run after a time; `None` if there is none within the next decades, such as on 30 February.
    pub(crate) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut date = zone.to_datetime(after).date();
        for _ in 0..DAYS {
            if self.admits(date)
                && let Some(found) = self.first_on(date, after, zone)
            {
                return Some(found);
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    /// Why it has no run at all, such as one on 31 February.
    pub(crate) fn idle(&self) -> Option<&'static str> {
        // If both fields for days are limited, every month has one of the weekdays.
        let by_weekday = !self.weekdays.is_any && !self.days.is_any;
        let has_day = |(month, length): (i8, i8)| {
            self.months.has(month) && (1..=length).any(|day| self.days.has(day))
        };
        let runs = by_weekday || (1..).zip(LENGTHS).any(has_day);
        (!runs).then_some("none of its months has such a day")
    }

    /// Whether there are runs on a day. If both fields for days are limited, either of them suffices.
    fn admits(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let fits = if self.days.is_any || self.weekdays.is_any {
            day && weekday
        } else {
            day || weekday
        };
        fits && self.months.has(date.month())
    }

    fn first_on(&self, date: Date, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        for hour in (0..24).filter(|hour| self.hours.has(*hour)) {
            for minute in (0..60).filter(|minute| self.minutes.has(*minute)) {
                let wanted = date.at(hour, minute, 0, 0);
                // A time that a change of the clocks skips does not exist on that day.
                if let Ok(time) = zone.to_timestamp(wanted)
                    && zone.to_datetime(time) == wanted
                    && time > after
                {
                    return Some(time);
                }
            }
        }
        None
    }
}

impl FieldRule {
    fn read(&self, text: &str) -> Result<Values, String> {
        let mut values = Values {
            bits: 0,
            is_any: false,
        };
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let every = matches!(range, "*" | "?");
            let (from, to) = match range.split_once('-') {
                _ if every => (self.first, self.last),
                Some((from, to)) => (self.value(from)?, self.value(to)?),
                // `5/10` counts from 5 to the end of the field.
                None if step.is_some() => (self.value(range)?, self.last),
                None => (self.value(range)?, self.value(range)?),
            };
            if from > to {
                return Err(format!("its {} begins after it ends: {range}", self.name));
            }
            let step = match step.map(str::parse::<usize>) {
                None => 1,
                Some(Ok(step)) if step > 0 => step,
                Some(_) => {
                    return Err(format!("its {} has a step that is not a number", self.name));
                }
            };
            // As in the platform's library, a step of 1 changes nothing.
            values.is_any |= every && step == 1;
            for value in (from..=to).step_by(step) {
                values.bits |= 1 << value;
            }
        }
        Ok(values)
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        if let Some(at) = named.and_then(|at| u32::try_from(at).ok()) {
            return Ok(self.first + at);
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(value) if is_number && (self.first..=self.last).contains(&value) => Ok(value),
            _ => Err(format!(
                "its {} is not from {} to {}: {text}",
                self.name, self.first, self.last
            )),
        }
    }
}

/// Returns the time zone of a name of the IANA database; UTC for an empty name.
///
/// `Ok(None)` means that this machine has no database, so nothing is known about the name.
///
/// # Errors
/// If the database has no such zone.
pub(crate) fn zone(name: &str) -> Result<Option<TimeZone>, ()> {
    if matches!(name, "" | "UTC") {
        return Ok(Some(TimeZone::UTC));
    }
    if jiff::tz::db().is_definitively_empty() {
        return Ok(None);
    }
    // The platform distinguishes upper and lower case.
    match TimeZone::get(name) {
        Ok(zone) if zone.iana_name() == Some(name) => Ok(Some(zone)),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, after: &str, zone: &TimeZone) -> String {
        let after = after.parse().unwrap();
        let next = Cron::parse(cron).unwrap().next(after, zone);
        next.map(|time| time.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_next_run_is_found() {
        let at = "2026-11-28T10:30:30Z";
        for (cron, wanted) in [
            ("* * * * *", "2026-11-28T10:31:00Z"),
            ("30 10 * * *", "2026-11-29T10:30:00Z"),
            ("*/15 * * * *", "2026-11-28T10:45:00Z"),
            ("5/20 11 * * *", "2026-11-28T11:05:00Z"),
            ("0 9 * * MON-FRI", "2026-11-30T09:00:00Z"),
            ("0 0 1 jan *", "2027-01-01T00:00:00Z"),
            // Either field for days suffices if both are limited.
            ("0 0 13 * 5", "2026-12-04T00:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("0 0 30 2 *", ""),
            ("@weekly", "2026-11-29T00:00:00Z"),
            ("0,59 23 30,31 12 ?", "2026-12-30T23:00:00Z"),
        ] {
            assert_eq!(next(cron, at, &TimeZone::UTC), wanted, "{cron}");
        }
    }

    #[test]
    fn a_schedule_without_any_run_is_known() {
        for (cron, runs) in [
            ("0 0 31 2 *", false),
            ("0 0 30 2 ?", false),
            ("0 0 31 4,6,9,11 *", false),
            ("0 0 31 2 */1", false),
            ("0 0 29 2 *", true),
            ("0 0 31 2,3 *", true),
            ("0 0 31 2 1", true),
            ("0 0 * 2 *", true),
            ("0 0 28-31 2 *", true),
        ] {
            let found = Cron::parse(cron).unwrap();
            let after: Timestamp = "2026-11-28T10:30:30Z".parse().unwrap();
            assert_eq!(found.idle().is_none(), runs, "{cron}");
            assert_eq!(found.next(after, &TimeZone::UTC).is_some(), runs, "{cron}");
        }
    }

    #[test]
    fn a_skipped_hour_has_no_run() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(
            next("30 2 * * *", "2027-03-27T12:00:00Z", &zone),
            "2027-03-29T00:30:00Z"
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (cron, why) in [
            ("", "0 fields"),
            ("* * * *", "4 fields"),
            ("0 0 0 * * *", "6 fields"),
            ("60 * * * *", "minute"),
            ("* 24 * * *", "hour"),
            ("* * 0 * *", "day of the month"),
            ("* * * 13 *", "month"),
            ("* * * * 7", "day of the week"),
            ("* * * * 5-1", "begins after"),
            ("*/0 * * * *", "step"),
            ("*/x * * * *", "step"),
            ("+5 * * * *", "minute"),
            (", * * * *", "minute"),
            ("@never", "unknown word"),
        ] {
            let found = Cron::parse(cron).unwrap_err();
            assert!(found.contains(why), "{cron}: {found}");
        }
    }
}
