use std::io::{self, Write};
use std::path::Path;

use op_dd_content::{Content, Kind, WatchLists};
use op_dd_fakes::Scenario;
use serde_json::Value;

/// Which rule a scenario is about, and the command that shows what the rule sees of it.
pub(super) fn tell(scenario: Scenario, out: &Path, to: &mut impl Write) -> io::Result<()> {
    let content = Content::bundled();
    let mut rules = content.of(Kind::Rule);
    let rule = rules.find(|rule| rule.name() == scenario.name());
    let logs = out.join("logs.ndjson");
    let mut command = format!("op-dd content check {}", logs.display());
    let mut lists = Scenario::WATCH_LISTS.to_vec();
    match rule {
        Some(rule) => {
            let json: Value = serde_json::from_str(rule.text()).unwrap_or_default();
            let needed = WatchLists::named_in(&json);
            lists.retain(|(name, _)| needed.iter().any(|needed| needed == name));
            command = format!("{command} --only {}", rule.name());
            writeln!(to, "\nThe rule {scenario} sees what happened:\n")?;
        }
        None => {
            command = format!("{command} --only rule");
            writeln!(to, "\nAn ordinary day: rules see nothing grave in it:\n")?;
        }
    }
    for (name, values) in lists {
        command = format!("{command} --watch {name}={}", values.join(","));
    }
    writeln!(to, "  {command}")
}
