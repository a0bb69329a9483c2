use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::counted::counted;
use crate::job::{Job, Standing};

/// How often a line is said where there is no terminal.
const LINE: Duration = Duration::from_secs(60);

/// How much must have been done, of the whole, before it can be said how long the rest takes.
const ENOUGH: f64 = 0.01;

/// Shows how far a job is: a bar on a terminal, a line a minute elsewhere.
pub(super) struct Meter {
    bar: Option<ProgressBar>,
    /// When it was first looked at, how far it was, and how many pages that were.
    first: Option<(Instant, f64, u64)>,
    said: Instant,
}

impl Meter {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {percent}%\n{msg}");
        let bar = ProgressBar::new(1000)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            // Nor can a terminal that only writes on show one.
            bar: (!bar.is_hidden()).then_some(bar),
            first: None,
            said: Instant::now(),
        }
    }

    pub(super) fn show(&mut self, job: &Job, standing: &Standing) {
        let fraction = standing.fraction(job);
        let &mut (since, before, pages) =
            self.first
                .get_or_insert((Instant::now(), fraction, standing.pages));
        let elapsed = since.elapsed();
        let rate = standing.pages.saturating_sub(pages) as f64 / elapsed.as_secs_f64().max(1.0);
        let mut message = format!(
            "{}, {rate:.1} pages a second",
            counted(
                usize::try_from(standing.events).unwrap_or(usize::MAX),
                "event"
            )
        );
        if let Some(reached) = standing.reached() {
            message.push_str(&format!(", at {reached}"));
        }
        if let Some(left) = left(elapsed, fraction - before, 1.0 - fraction) {
            message.push_str(&format!(", about {} left", roughly(left)));
        }
        if let Some(trouble) = &standing.trouble {
            message.push_str(&format!("; held up: {trouble}"));
        }
        match &self.bar {
            Some(bar) => {
                // A part of a thousand.
                bar.set_position((fraction * 1000.0) as u64);
                bar.set_message(message);
            }
            None if self.said.elapsed() >= LINE => {
                self.said = Instant::now();
                tracing::info!(job = job.id, "{:.0} %: {message}", fraction * 100.0);
            }
            None => {}
        }
    }

    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How long the rest takes if it goes on like this.
fn left(elapsed: Duration, done: f64, rest: f64) -> Option<Duration> {
    let left = elapsed.as_secs_f64() * rest / done;
    (done >= ENOUGH).then(|| Duration::try_from_secs_f64(left).ok())?
}

/// A time to one unit: nobody knows it better.
fn roughly(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds.max(1)),
        seconds @ 60..5400 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_said_once_it_can_be_known() {
        let minute = Duration::from_secs(60);
        assert_eq!(left(minute, 0.0, 1.0), None);
        assert_eq!(left(minute, 0.009, 0.5), None);
        let known = left(minute, 0.25, 0.5).unwrap();
        assert_eq!(roughly(known), "2 min");
        assert_eq!(roughly(Duration::ZERO), "1 s");
        assert_eq!(roughly(100 * minute), "2 h");
    }
}
