use std::collections::BTreeMap;

use serde_json::Value;

use crate::search::Query;
use crate::{Asset, Content, Dashboard, Kind, Log, Rule, Severity, WatchLists, Widget};

/// How much of some logs a widget or a rule sees: evaluated by this crate, not by Datadog.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Coverage {
    /// The file that it is in, as [`Asset::file`] has it.
    pub file: String,
    /// The widget's title, or the rule's name.
    pub title: String,
    /// What it sees.
    pub sight: Sight,
}

/// What a widget or a rule sees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sight {
    /// A widget shows so many of the logs.
    Logs(usize),
    /// A widget shows signals, and no logs.
    Signals,
    /// A rule takes so many of the logs, and raises so many signals of each severity.
    Detections {
        /// The logs that one of its queries takes.
        logs: usize,
        /// The signals.
        signals: BTreeMap<Severity, usize>,
    },
    /// It can't be tried, for this reason.
    Untried(String),
}

impl Content {
    /// What each widget and each rule sees of these logs. Files that can't be understood are left out:
    /// [`check`](Self::check) names them.
    #[must_use]
    pub fn coverage(&self, logs: &[Log]) -> Vec<Coverage> {
        let mut sorted: Vec<&Log> = logs.iter().collect();
        sorted.sort_by_key(|log| log.millis());
        let mut coverage = Vec::new();
        for asset in self.of(Kind::Rule) {
            coverage.extend(of_rule(asset, &sorted));
        }
        // With the widgets of one's own, if they can be understood.
        let dashboards = self.dashboards();
        let dashboards = dashboards.unwrap_or_else(|_| self.of(Kind::Dashboard).cloned().collect());
        for asset in &dashboards {
            let Ok(dashboard) = Dashboard::parse(asset.text()) else {
                continue;
            };
            for widget in dashboard.widgets() {
                coverage.extend(of_widget(asset, &dashboard, &widget, &sorted));
            }
        }
        coverage
    }
}

fn of_rule(asset: &Asset, logs: &[&Log]) -> Option<Coverage> {
    let json: Value = serde_json::from_str(asset.text()).ok()?;
    let rule = Rule::from_json(&json).ok()?;
    let lists = WatchLists::named_in(&json);
    let sight = if !lists.is_empty() {
        let lists: Vec<String> = lists.iter().map(|name| format!("${name}")).collect();
        Sight::Untried(format!("nobody gave {}", lists.join(", ")))
    } else if rule.is_evaluated() {
        let is_taken = |log: &&&Log| {
            rule.queries()
                .iter()
                .any(|query| query.query().matches(log))
        };
        let mut signals = BTreeMap::new();
        for signal in rule.signals_of(logs) {
            *signals.entry(signal.severity).or_default() += 1;
        }
        Sight::Detections {
            logs: logs.iter().filter(is_taken).count(),
            signals,
        }
    } else {
        Sight::Untried("how Datadog does it isn't published".to_owned())
    };
    Some(Coverage {
        file: asset.file().to_owned(),
        title: rule.name().to_owned(),
        sight,
    })
}

fn of_widget(
    asset: &Asset,
    dashboard: &Dashboard,
    widget: &Widget<'_>,
    logs: &[&Log],
) -> Option<Coverage> {
    let searches = widget.searches();
    let of_logs = searches
        .iter()
        .filter(|search| search.data_source.starts_with("logs"));
    let queries: Vec<Query> = of_logs
        .filter_map(|search| Query::parse(&dashboard.with_defaults(search.text)).ok())
        .collect();
    let sight = match (searches.is_empty(), queries.is_empty()) {
        (true, _) => return None,
        (false, true) => Sight::Signals,
        (false, false) => {
            let is_shown = |log: &&&Log| queries.iter().any(|query| query.matches(log));
            Sight::Logs(logs.iter().filter(is_shown).count())
        }
    };
    Some(Coverage {
        file: asset.file().to_owned(),
        title: widget.title().to_owned(),
        sight,
    })
}
