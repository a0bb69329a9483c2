use std::collections::{HashMap, HashSet};

use super::model::TravelOptions;
use super::signal::{Signal, Signals};
use super::{Aggregate, Rule};
use crate::Log;

const HOUR: i64 = 3600 * 1000;

/// Nearer than this nobody has travelled.
const NEAR_KM: f64 = 500.0;

/// Faster than this nobody travels, in kilometres an hour.
const FASTEST: f64 = 1000.0;

const EARTH_RADIUS_KM: f64 = 6371.0;

/// How long a person's places are learned, if they are.
const BASELINE: i64 = 24 * HOUR;

#[derive(Clone, Copy)]
struct Place {
    latitude: f64,
    longitude: f64,
}

struct Traveller {
    first_seen: i64,
    last_seen: i64,
    last: Place,
    /// The places that the person was at, in whole degrees.
    usual: HashSet<(i64, i64)>,
}

/// Signals who was at two places that nobody gets between so fast.
pub(super) fn signals(rule: &Rule, options: &TravelOptions, logs: &[&Log]) -> Vec<Signal> {
    let mut signals = Signals::new(rule);
    let Some(query) = rule.queries.first() else {
        return Vec::new();
    };
    let Aggregate::Values(fields) = &query.aggregate else {
        return Vec::new();
    };
    let mut travellers: HashMap<Vec<String>, Traveller> = HashMap::new();
    for log in logs.iter().filter(|log| query.query.matches(log)) {
        let place = fields.first().and_then(|field| place(log, field));
        let (Some(group), Some(place)) = (query.group(log), place) else {
            continue;
        };
        let now = log.millis();
        let traveller = travellers.entry(group.clone()).or_insert(Traveller {
            first_seen: now,
            last_seen: now,
            last: place,
            usual: HashSet::new(),
        });
        let is_usual = options.baseline_user_locations
            && (now - traveller.first_seen < BASELINE
                || traveller.usual.contains(&place.degrees()));
        if let Some(case) = rule.cases.first()
            && !is_usual
            && traveller
                .last
                .is_out_of_reach(place, now - traveller.last_seen)
        {
            signals.hold(case, log, &query.group_by, &group);
        }
        traveller.usual.insert(place.degrees());
        traveller.last = place;
        traveller.last_seen = now;
    }
    signals.raised()
}

fn place(log: &Log, field: &str) -> Option<Place> {
    let number = |name: &str| log.text(&format!("{field}.location.{name}"))?.parse().ok();
    Some(Place {
        latitude: number("latitude")?,
        longitude: number("longitude")?,
    })
}

impl Place {
    #[expect(clippy::cast_possible_truncation, reason = "degrees are small")]
    fn degrees(self) -> (i64, i64) {
        (self.latitude.round() as i64, self.longitude.round() as i64)
    }

    #[expect(clippy::cast_precision_loss, reason = "a span of logs is short")]
    fn is_out_of_reach(self, other: Self, within: i64) -> bool {
        let distance = self.distance_km(other);
        distance > NEAR_KM && distance > FASTEST * within as f64 / HOUR as f64
    }

    /// Along the great circle.
    fn distance_km(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let north = to - from;
        let east = (other.longitude - self.longitude).to_radians();
        let half = (north / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_KM * half.sqrt().min(1.0).asin()
    }
}
