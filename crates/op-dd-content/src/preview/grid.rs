//! Widgets in their places: a dashboard, and each group in it, has twelve columns.

use serde_json::{Map, Value};

use super::evidence::Evidence;
use super::widget;

/// Where a widget is, in columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    x: u64,
    y: u64,
    pub(super) width: u64,
    pub(super) height: u64,
}

/// How high a row is, and how far apart two are; the style sheet has the same.
const ROW: u64 = 56;
const GAP: u64 = 12;

/// The widgets that are in a dashboard or a group.
pub(super) fn html(of: &Map<String, Value>, evidence: &mut Evidence<'_>) -> String {
    let widgets = of.get("widgets").and_then(Value::as_array);
    let mut widgets: Vec<(Option<Place>, &Map<String, Value>)> = widgets
        .into_iter()
        .flatten()
        .filter_map(|widget| {
            let definition = widget.get("definition")?.as_object()?;
            Some((Place::read(widget), definition))
        })
        .collect();
    // As one reads them, which is also the order on a narrow screen.
    widgets.sort_by_key(|(place, _)| place.map(|place| (place.y, place.x)));
    let lines = lines(widgets.iter().filter_map(|(place, _)| *place));
    let cells: String = widgets
        .into_iter()
        .map(|(place, definition)| {
            let style = place.map_or_else(String::new, |place| place.style(&lines));
            widget::html(definition, place.unwrap_or(Place::SOME), &style, evidence)
        })
        .collect();
    format!("<div class=\"grid\">{cells}</div>")
}

/// The rows at which widgets begin or end. Only these are rows of the page: each is as high as what is in it, so that
/// a group is as high as its widgets, whatever its own height says.
fn lines(places: impl Iterator<Item = Place>) -> Vec<u64> {
    let mut lines: Vec<u64> = places
        .flat_map(|place| [place.y, place.y + place.height])
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

impl Place {
    /// For a widget that doesn't say where it is.
    const SOME: Self = Self {
        x: 0,
        y: 0,
        width: 4,
        height: 4,
    };

    fn read(widget: &Value) -> Option<Self> {
        let layout = widget.get("layout")?;
        let number = |key: &str| layout.get(key)?.as_u64().map(|number| number.min(10_000));
        Some(Self {
            x: number("x")?.min(11),
            y: number("y")?,
            width: number("width")?.clamp(1, 12),
            height: number("height")?.max(1),
        })
    }

    fn style(self, lines: &[u64]) -> String {
        let line = |y: u64| lines.partition_point(|line| *line < y) + 1;
        format!(
            "--c:{}/span {};--half:{};--r:{}/{};--h:{}px;",
            self.x + 1,
            self.width.min(12 - self.x),
            // Of two columns, where there is no room for twelve.
            if self.width > 6 { 2 } else { 1 },
            line(self.y),
            line(self.y + self.height),
            self.pixels(),
        )
    }

    /// How high it is on a wide screen.
    pub(super) fn pixels(self) -> u64 {
        self.height * ROW + (self.height - 1) * GAP
    }

    /// Whether it takes up most of the page's width.
    pub(super) fn is_wide(self) -> bool {
        self.width > 7
    }

    /// How many lines of this height have room below a title.
    pub(super) fn room(self, line: u64) -> usize {
        let room = self.pixels().saturating_sub(54) / line;
        usize::try_from(room).unwrap_or(1).max(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_at_which_something_begins_or_ends() {
        let place = |y, height| Place {
            x: 0,
            y,
            width: 6,
            height,
        };
        let lines = lines(
            [
                place(0, 4),
                place(0, 2),
                place(2, 2),
                place(4, 1),
                place(9, 3),
            ]
            .into_iter(),
        );
        assert_eq!(lines, [0, 2, 4, 5, 9, 12]);
        assert_eq!(
            place(2, 2).style(&lines),
            "--c:1/span 6;--half:1;--r:2/3;--h:124px;"
        );
        assert_eq!(
            place(0, 4).style(&lines),
            "--c:1/span 6;--half:1;--r:1/3;--h:260px;"
        );
    }

    #[test]
    fn a_place_beyond_the_columns_is_brought_back() {
        let widget = serde_json::json!({"layout": {"x": 10, "y": 1, "width": 40, "height": 0}});
        let place = Place::read(&widget).unwrap();
        assert!(
            place
                .style(&[1, 2])
                .starts_with("--c:11/span 2;--half:2;--r:1/2;")
        );
        assert_eq!(Place::read(&serde_json::json!({})), None);
    }
}
