use serde_json::Value;

use super::objects;
use super::report::Report;

/// How wide a dashboard is.
const COLUMNS: u64 = 12;

struct Area<'a> {
    pointer: String,
    /// What the widget is called, if it is.
    title: &'a str,
    x: u64,
    y: u64,
    width: u64,
    height: u64,
}

/// Looks whether the widgets of a dashboard or of a group have a place, within the dashboard and beside
/// each other.
pub(super) fn check(of: &Value, pointer: &str, is_fixed: bool, report: &mut Report<'_>) {
    let mut areas: Vec<Area<'_>> = Vec::new();
    for (pointer, widget) in objects(of, pointer, "widgets") {
        let Some(area) = Area::of(&pointer, widget) else {
            if is_fixed && widget.get("layout").is_none() {
                let problem = "a layout is missing: with reflow_type fixed every widget needs one";
                report.fault(&pointer, problem);
            }
            continue;
        };
        if area.x + area.width > COLUMNS {
            let end = area.x + area.width;
            report.fault(
                &area.pointer,
                format!("it ends at column {end}, but there are {COLUMNS}"),
            );
        }
        if let Some(other) = areas.iter().find(|other| area.overlaps(other)) {
            report.fault(&area.pointer, format!("it lies over {}", other.title));
        }
        areas.push(area);
    }
}

impl<'a> Area<'a> {
    fn of(pointer: &str, widget: &'a Value) -> Option<Self> {
        let figure = |key: &str| {
            widget["layout"][key]
                .as_u64()
                .filter(|figure| *figure < 100_000)
        };
        Some(Self {
            pointer: format!("{pointer}/layout"),
            title: widget["definition"]["title"].as_str().unwrap_or("a widget"),
            x: figure("x")?,
            y: figure("y")?,
            width: figure("width")?,
            height: figure("height")?,
        })
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}
