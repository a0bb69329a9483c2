use std::io::{self, Write};

use op_dd_content::{Content, Kind};
use serde_json::Value;

/// A line for each file: its kind, what to call it by, and what Datadog calls it.
pub(super) fn tell(content: &Content, to: &mut dyn Write) -> io::Result<()> {
    for kind in Kind::ALL {
        for asset in content.of(kind) {
            let title = title(asset.text());
            let (kind, name) = (kind.to_string(), asset.name());
            writeln!(to, "{kind:<10} {name:<36} {title}")?;
        }
    }
    Ok(())
}

fn title(text: &str) -> String {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let title = ["title", "name"].iter().find_map(|key| json[key].as_str());
    title.unwrap_or_default().to_owned()
}
