use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_bridge::Name;

use super::{Asked, FORMAT, Job, Part, Sink};
use crate::archive::Place;
use crate::exit::{Exit, Failure};

/// How young an event is that live polling carries, which begins so far back.
pub(crate) const RECENT: Duration = Duration::from_secs(17 * 3600);

impl Job {
    /// Cuts a window into parts: what is older than Datadog takes by its own date goes to the archive, or
    /// to Datadog with the date of sending; what is younger is live polling's, unless it is asked for.
    pub(crate) fn plan(
        asked: Asked,
        (from, to): (SystemTime, SystemTime),
        archive: Option<&Place>,
        now: SystemTime,
    ) -> Result<Self, Failure> {
        let (from, to, now) = (whole(from), whole(to.min(now)), whole(now));
        if from >= to {
            return Err(Failure::configuration(format!(
                "the window from {} to {} is empty: --from is the earlier time, and what is yet to come \
                 can't be carried",
                Timestamp::from(from),
                Timestamp::from(to)
            )));
        }
        let border = now.checked_sub(RECENT).unwrap_or(now);
        let id = format!("backfill-{}", compact(now));
        let part =
            |kind: &str, sink, from: SystemTime, to: SystemTime| -> Result<Option<Part>, Failure> {
                let name = named(format!("{id}-{kind}"))?;
                let (from, to) = (from.into(), to.into());
                Ok((from != to).then_some(Part {
                    name,
                    sink,
                    from,
                    to,
                }))
            };
        let (old, recent) = (
            (from.min(border), to.min(border)),
            (from.max(border), to.max(border)),
        );
        let mut parts = Vec::new();
        if asked.recent {
            // These come first: they grow old.
            parts.extend(part("intake", Sink::Intake, recent.0, recent.1)?);
        }
        if old.0 < old.1 {
            let older = if asked.redate {
                part("redated", Sink::Intake, old.0, old.1)?
            } else {
                let place = archive.ok_or_else(no_archive)?.absolute()?;
                part("archive", Sink::Archive(place), old.0, old.1)?
            };
            parts.extend(older);
        }
        if parts.is_empty() {
            return Err(Failure::configuration(
                "all of that window lies within the last 17 hours, which live polling carries to Datadog: \
                 give --recent to send these events there once more",
            ));
        }
        Ok(Self {
            format: FORMAT,
            id,
            asked_at: now.into(),
            asked,
            parts,
        })
    }

    /// The same by another id, for when its own is taken.
    pub(super) fn numbered(&self, number: u32) -> Result<Self, Failure> {
        let id = format!("{}-{number}", self.id);
        let parts = self.parts.iter().map(|part| {
            let name = part.name.as_str();
            let kind = name.strip_prefix(&self.id).unwrap_or(name);
            let name = named(format!("{id}{kind}"))?;
            Ok(Part {
                name,
                ..part.clone()
            })
        });
        let parts = parts.collect::<Result<_, Failure>>()?;
        Ok(Self {
            id,
            parts,
            ..self.clone()
        })
    }
}

fn named(name: String) -> Result<Name, Failure> {
    Name::new(name).map_err(|error| Failure::new(Exit::Defect, error.to_string()))
}

fn no_archive() -> Failure {
    Failure::configuration(
        "Datadog drops logs that are dated over 18 hours back, so these events need another place: give \
         --archive with a folder or a bucket, or set [archive] in the configuration, to keep them as files that Datadog \
         rehydrates by their own dates; or --redate, to send them to Datadog with the date of sending",
    )
}

/// A time without its part of a second, which nobody asked for.
fn whole(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(time, |since| {
        SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
    })
}

/// A time to the second, as a part of a name.
fn compact(time: SystemTime) -> String {
    let text = Timestamp::from(time).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    let (date, hour) = digits.split_at(digits.len().min(8));
    format!("{date}-{hour}")
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn asked(redate: bool, recent: bool) -> Asked {
        Asked {
            account: Name::DEFAULT,
            feeds: Vec::new(),
            from: String::new(),
            to: String::new(),
            redate,
            recent,
            archive: None,
        }
    }

    fn time(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().to_system_time()
    }

    fn parts(redate: bool, recent: bool, from: &str, to: &str) -> Vec<(String, String, String)> {
        let window = (time(from), time(to));
        let now = time("2026-06-15T12:00:00Z");
        let place = "/archive".parse().unwrap();
        let job = Job::plan(asked(redate, recent), window, Some(&place), now).unwrap();
        let parts = job.parts.iter().map(|part| {
            let kind = part.name.as_str().strip_prefix("backfill-20260615-120000-");
            let kind = kind.unwrap().to_owned();
            (kind, part.from.to_string(), part.to.to_string())
        });
        parts.collect()
    }

    #[test]
    fn a_window_is_cut_where_datadogs_begins() {
        let (from, border, to) = (
            "2026-06-01T00:00:00Z",
            "2026-06-14T19:00:00Z",
            "2026-06-15T10:00:00Z",
        );
        let part = |kind: &str, from: &str, to: &str| {
            let time = |text: &str| Timestamp::from(time(text)).to_string();
            (kind.to_owned(), time(from), time(to))
        };
        let archived = part("archive", from, border);
        let redated = part("redated", from, border);
        let recent = part("intake", border, to);
        assert_eq!(parts(false, false, from, to), slice::from_ref(&archived));
        assert_eq!(parts(true, false, from, to), slice::from_ref(&redated));
        assert_eq!(parts(false, true, from, to), [recent.clone(), archived]);
        assert_eq!(parts(true, true, from, to), [recent.clone(), redated]);
        assert_eq!(parts(false, true, border, to), [recent]);
        let old = "2026-06-02T00:00:00Z";
        assert_eq!(parts(false, true, from, old), [part("archive", from, old)]);
    }

    #[test]
    fn what_can_not_be_is_refused_with_what_to_do() {
        let now = time("2026-06-15T12:00:00Z");
        let refused = |from, to, archive: Option<&str>| {
            let archive: Option<Place> = archive.map(|text| text.parse().unwrap());
            let job = Job::plan(asked(false, false), (from, to), archive.as_ref(), now);
            job.unwrap_err().to_string()
        };
        let empty = refused(now - HOUR, now - 2 * HOUR, Some("/archive"));
        assert!(empty.contains("is empty"), "{empty}");
        let empty = refused(now + HOUR, now + 2 * HOUR, Some("/archive"));
        assert!(empty.contains("is empty"), "{empty}");
        let recent = refused(now - 5 * HOUR, now, Some("/archive"));
        assert!(recent.contains("--recent"), "{recent}");
        let nowhere = refused(now - 50 * HOUR, now, None);
        assert!(nowhere.contains("--archive") && nowhere.contains("--redate"));
    }
}
