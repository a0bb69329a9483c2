use serde_json::Value;

use crate::search::Query;
use crate::{Asset, Content, Dashboard, Kind, Log, Rule, Signal, WatchLists, Widget};

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
    /// A rule takes so many of the logs, and raises signals.
    Detections {
        /// The logs that one of its queries takes.
        logs: usize,
        /// The signals, in the order in which they come about.
        signals: Vec<Signal>,
    },
    /// A rule isn't tried, since nobody gave these lists that it watches.
    WatchLists(Vec<String>),
    /// A rule isn't tried, since how Datadog finds what it looks for isn't published.
    Unpublished,
}

impl Content {
    /// What each widget and each rule sees of these logs. A rule is tried with the lists that it watches, and isn't
    /// without them. Files that can't be understood are left out: [`check`](Self::check) names them.
    #[must_use]
    pub fn coverage(&self, logs: &[Log], lists: &WatchLists) -> Vec<Coverage> {
        let mut sorted: Vec<&Log> = logs.iter().collect();
        sorted.sort_by_key(|log| log.millis());
        let mut coverage = Vec::new();
        for asset in self.of(Kind::Rule) {
            coverage.extend(of_rule(asset, &sorted, lists));
        }
        // With the widgets of one's own, if they can be understood.
        let dashboards = self.dashboards();
        let dashboards = dashboards.unwrap_or_else(|_| self.of(Kind::Dashboard).cloned().collect());
        for asset in &dashboards {
            let Ok(dashboard) = Dashboard::parse(asset.text()) else {
                continue;
            };
            for widget in dashboard.widgets() {
                let (file, _) = self.source(asset, &widget.pointer);
                coverage.extend(of_widget(file, &dashboard, &widget, &sorted));
            }
        }
        coverage
    }
}

/// The rule that a file is, with the lists in it, or why it isn't tried; nothing if it is no rule.
pub(crate) fn rule(asset: &Asset, lists: &WatchLists) -> Option<(Rule, Result<(), Sight>)> {
    let mut json: Value = serde_json::from_str(asset.text()).ok()?;
    let missing = lists.fill(&mut json);
    let rule = Rule::from_json(&json).ok()?;
    let tried = if !missing.is_empty() {
        Err(Sight::WatchLists(missing))
    } else if !rule.is_evaluated() {
        Err(Sight::Unpublished)
    } else {
        Ok(())
    };
    Some((rule, tried))
}

fn of_rule(asset: &Asset, logs: &[&Log], lists: &WatchLists) -> Option<Coverage> {
    let (rule, tried) = rule(asset, lists)?;
    let seen = || {
        let is_taken = |log: &&&Log| {
            let mut queries = rule.queries().iter();
            queries.any(|query| query.query().matches(log))
        };
        Sight::Detections {
            logs: logs.iter().filter(is_taken).count(),
            signals: rule.signals_of(logs),
        }
    };
    let sight = tried.map_or_else(|untried| untried, |()| seen());
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
