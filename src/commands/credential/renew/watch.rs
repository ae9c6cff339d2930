//! `credential renew --watch`: looks at the credentials again and again, until a signal ends it.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;

use super::args::Args;
use super::each::{Done, renew_each};
use super::schedule::DEFAULT;
use super::wanted::wanted;
use crate::commands::credential::minted::{Minted, length};
use crate::ctx::Ctx;
use crate::failure::{Failure, Status};
use crate::output::{Format, signals};
use crate::resources::{Record, expires_at};
use crate::runner::expiry::date;
use crate::system::signals::{Arrivals, Signal};
use crate::text::{secrets, visible};

/// The pause after the first failure. Each further failure in a row doubles it, up to the usual pause.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// The shortest pause after a success, so that a token that is always due does not keep the cluster busy.
const SHORTEST: Duration = Duration::from_secs(10);

/// Does the work of `--watch`.
///
/// # Errors
/// The system does not report signals; a usage failure if `-o` is given.
pub(super) fn keep_renewing(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    if *format != Format::Table {
        return Err(Failure::usage("--watch reports on standard error only; leave -o out").into());
    }
    let within = args.expiring_within.unwrap_or(DEFAULT);
    let pause = args.every.unwrap_or(within / 3);
    repeat(ctx, pause, || {
        let records = wanted(ctx, args)?;
        let is_due = |record: &Record| due(record, within).is_none_or(|due| due <= ctx.now());
        let mut failed = 0;
        renew_each(ctx, args, &records, &is_due, |name, done| {
            match done {
                Ok(Done::Renewed(_)) => ctx
                    .out
                    .note(&format!("credential/{} renewed", visible(name))),
                Ok(Done::NotDue | Done::Gone) => {}
                Err(error) => {
                    failed += 1;
                    let text = format!("credential/{} is not renewed: {error:#}", visible(name));
                    ctx.out.warn(&secrets::hide(&text));
                }
            }
            Ok(())
        })?;
        // The new ends count.
        let records = wanted(ctx, args)?;
        let dues = records.iter().filter_map(|record| due(record, within));
        Ok(Round {
            failed,
            due: dues.min(),
        })
    })
}

/// Returns when a credential is due: this long before its end, or when half of its time is over if that is later.
fn due(record: &Record, within: Duration) -> Option<Timestamp> {
    let half = Minted::of(record).map(|minted| minted.ttl / 2);
    let within = half.map_or(within, |half| half.min(within));
    expires_at(record)?.checked_sub(within).ok()
}

/// What became of one look at the credentials.
struct Round {
    failed: usize,
    /// When the next credential is due, if one is.
    due: Option<Timestamp>,
}

/// Looks at the credentials at least once in every `pause`, and earlier if one is due earlier. A failure is reported
/// and does not end the work. SIGTERM and Ctrl-C end it, but not within a renewal.
///
/// # Errors
/// The system does not report signals.
fn repeat(
    ctx: &Ctx,
    pause: Duration,
    look: impl Fn() -> anyhow::Result<Round>,
) -> anyhow::Result<()> {
    let mut ends = ctx.block_on(async { Ends::listen().context("wait for signals") })?;
    let mut failures = 0;
    loop {
        let wait = match look() {
            Ok(round) if round.failed == 0 => {
                failures = 0;
                until_due(ctx.now(), round.due, pause)
            }
            Ok(_) => {
                failures += 1;
                after(failures, pause)
            }
            Err(interrupted) if interrupted.is::<Status>() => return Err(interrupted),
            Err(error) => {
                failures += 1;
                let why = format!("{error:#}");
                ctx.out.warn(&secrets::hide(&why));
                after(failures, pause)
            }
        };
        if let Ok(next) = ctx.now().checked_add(wait) {
            let wait = length(Duration::from_secs(wait.as_secs()));
            ctx.out
                .note(&format!("Next look at {}, in {wait}", date(next)));
        }
        if ctx.block_on(async { Ok(ends.come_within(wait).await) })? {
            ctx.out.note("Stopped");
            return Ok(());
        }
    }
}

/// Returns the pause after a number of failures in a row.
fn after(failures: u32, pause: Duration) -> Duration {
    let factor = 1_u32 << failures.saturating_sub(1).min(16);
    AFTER_FAILURE.saturating_mul(factor).min(pause)
}

/// Returns the pause until the next credential is due.
fn until_due(now: Timestamp, due: Option<Timestamp>, pause: Duration) -> Duration {
    let left = due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
    let shortest = SHORTEST.min(pause);
    left.unwrap_or(pause).clamp(shortest, pause)
}

/// The signals that end the work.
struct Ends {
    terminate: Arrivals,
    interrupt: Arrivals,
}

impl Ends {
    fn listen() -> std::io::Result<Self> {
        let ends = Self {
            terminate: Arrivals::of(Signal::TERM.as_raw())?,
            interrupt: Arrivals::of(Signal::INT.as_raw())?,
        };
        for signal in [Signal::TERM, Signal::INT] {
            signals::own(signal.as_raw());
        }
        Ok(ends)
    }

    /// Waits. Returns true if a signal has come, before or meanwhile.
    async fn come_within(&mut self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.terminate.next() => true,
            () = self.interrupt.next() => true,
            () = tokio::time::sleep(wait) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_after_each_failure_up_to_the_usual_one() {
        let pause = Duration::from_secs(100);
        let pauses = [1, 2, 3, 40].map(|failures| after(failures, pause).as_secs());
        assert_eq!(pauses, [30, 60, 100, 100]);
    }

    #[test]
    fn the_next_look_is_when_a_credential_is_due() {
        let now = Timestamp::UNIX_EPOCH;
        let pause = Duration::from_secs(100);
        let look = |due: Option<i64>| {
            let due = due.map(|second| Timestamp::from_second(second).unwrap());
            until_due(now, due, pause).as_secs()
        };
        assert_eq!(
            [None, Some(50), Some(500), Some(1), Some(-60)].map(look),
            [100, 50, 100, 10, 10]
        );
    }
}
