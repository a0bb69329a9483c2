//! Widgets of one's own become a group of a dashboard.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::{Asset, AssetError, Content, Kind};

/// The dashboard that widgets of one's own are added to.
pub(crate) const OVERVIEW: &str = "1password-overview";

const TITLE: &str = "Your own widgets";

/// How wide a dashboard is.
const COLUMNS: u64 = 12;

/// What a widget gets that doesn't say how large it is.
const SIZE: (u64, u64) = (6, 4);

impl Content {
    /// The dashboards as they are installed: their files, with the widgets of one's own as the last group of
    /// 1Password Overview.
    ///
    /// # Errors
    ///
    /// If there are widgets, and a file isn't the JSON of a widget or of a dashboard, or there is no
    /// `1password-overview` to add them to.
    pub fn dashboards(&self) -> Result<Vec<Asset>, AssetError> {
        let mut dashboards: Vec<Asset> = self.of(Kind::Dashboard).cloned().collect();
        let own: Vec<&Asset> = self.of(Kind::Widget).collect();
        let Some(first) = own.first() else {
            return Ok(dashboards);
        };
        let overview = dashboards.iter_mut().find(|asset| asset.name == OVERVIEW);
        let overview = overview.ok_or_else(|| {
            let problem = format!("there is no dashboard {OVERVIEW} to add it to");
            first.fault("", problem)
        })?;
        let mut dashboard = overview.object()?;
        let widgets = own.iter().map(|widget| widget.object());
        add(&mut dashboard, widgets.collect::<Result<_, _>>()?);
        overview.text = Cow::Owned(format!("{:#}\n", Value::Object(dashboard)));
        Ok(dashboards)
    }

    /// Which file a place of a dashboard is from, and where it is there: within the last group of 1Password
    /// Overview it is a widget's.
    #[must_use]
    pub fn source<'a, 'p>(
        &'a self,
        dashboard: &'a Asset,
        pointer: &'p str,
    ) -> (&'a Asset, &'p str) {
        let file = self
            .of(Kind::Dashboard)
            .find(|asset| asset.name == dashboard.name)
            .unwrap_or(dashboard);
        let widget = || {
            let group = file.object().ok()?.get("widgets")?.as_array()?.len();
            let within = format!("/widgets/{group}/definition/widgets/");
            let within = pointer.strip_prefix(&within)?;
            let end = within.find('/').unwrap_or(within.len());
            let at = within[..end].parse().ok()?;
            Some((self.of(Kind::Widget).nth(at)?, &within[end..]))
        };
        if dashboard.name == OVERVIEW {
            widget().unwrap_or((file, pointer))
        } else {
            (file, pointer)
        }
    }
}

fn add(dashboard: &mut Map<String, Value>, mut own: Vec<Map<String, Value>>) {
    let widgets = dashboard
        .entry("widgets")
        .or_insert_with(|| Value::Array(Vec::new()));
    let Some(widgets) = widgets.as_array_mut() else {
        return;
    };
    let mut group = json!({"definition": {
        "type": "group",
        "layout_type": "ordered",
        "title": TITLE,
    }});
    // Where one widget has a place, all must have one.
    let below = widgets
        .iter()
        .filter_map(|widget| bottom(widget.get("layout")?));
    if let Some(y) = below.max() {
        let height = flow(&mut own);
        group["layout"] = json!({"x": 0, "y": y, "width": COLUMNS, "height": height + 1});
    }
    group["definition"]["widgets"] = own.into_iter().map(Value::Object).collect();
    widgets.push(group);
}

/// Gives each widget the next place in which it fits, row by row, and says how high it gets.
fn flow(widgets: &mut [Map<String, Value>]) -> u64 {
    let (mut x, mut y, mut row) = (0, 0, 0);
    for widget in widgets {
        let size = |key: &str, otherwise| {
            let size = widget.get("layout").and_then(|layout| layout[key].as_u64());
            size.unwrap_or(otherwise).max(1)
        };
        let (width, height) = (size("width", SIZE.0).min(COLUMNS), size("height", SIZE.1));
        if x + width > COLUMNS {
            (x, y, row) = (0, y + row, 0);
        }
        let layout = json!({"x": x, "y": y, "width": width, "height": height});
        widget.insert("layout".to_owned(), layout);
        (x, row) = (x + width, row.max(height));
    }
    y + row
}

fn bottom(layout: &Value) -> Option<u64> {
    Some(layout["y"].as_u64()? + layout["height"].as_u64()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(files: &[(Kind, &str, Value)]) -> Content {
        let assets = files.iter().map(|(kind, name, json)| Asset {
            kind: *kind,
            name: (*name).to_owned(),
            file: format!("{}/{name}.json", kind.folder()),
            text: Cow::Owned(format!("{json:#}")),
            samples: None,
        });
        Content {
            assets: assets.collect(),
            passed_over: Vec::new(),
        }
    }

    fn overview() -> (Kind, &'static str, Value) {
        let layout = json!({"x": 0, "y": 3, "width": 12, "height": 4});
        let widget = json!({"definition": {"type": "note"}, "layout": layout});
        (
            Kind::Dashboard,
            OVERVIEW,
            json!({"title": "1Password Overview", "widgets": [widget]}),
        )
    }

    #[test]
    fn widgets_are_laid_out_in_a_group_below_the_others() {
        let note = |layout: Value| json!({"definition": {"type": "note"}, "layout": layout});
        let content = content(&[
            overview(),
            (Kind::Widget, "a", json!({"definition": {"type": "note"}})),
            (Kind::Widget, "b", note(json!({"width": 6, "height": 2}))),
            (
                Kind::Widget,
                "c",
                note(json!({"x": 9, "y": 9, "width": 40})),
            ),
        ]);
        let [overview] = &content.dashboards().unwrap()[..] else {
            panic!("one dashboard");
        };
        let json: Value = serde_json::from_str(overview.text()).unwrap();
        let group = &json["widgets"][1];
        assert_eq!(group["definition"]["title"], TITLE);
        assert_eq!(
            group["layout"],
            json!({"x": 0, "y": 7, "width": 12, "height": 9})
        );
        let layouts: Vec<&Value> = (0..3)
            .map(|at| &group["definition"]["widgets"][at]["layout"])
            .collect();
        assert_eq!(
            layouts,
            [
                &json!({"x": 0, "y": 0, "width": 6, "height": 4}),
                &json!({"x": 6, "y": 0, "width": 6, "height": 2}),
                &json!({"x": 0, "y": 4, "width": 12, "height": 4}),
            ]
        );
    }

    #[test]
    fn a_place_in_the_group_is_in_the_widget_s_file() {
        let content = content(&[
            overview(),
            (Kind::Widget, "a", json!({"definition": {}})),
            (Kind::Widget, "b", json!({"definition": {}})),
        ]);
        let dashboards = content.dashboards().unwrap();
        let source = |pointer| {
            let (asset, pointer) = content.source(&dashboards[0], pointer);
            format!("{} {pointer}", asset.file())
        };
        assert_eq!(
            source("/widgets/1/definition/widgets/1/definition/type"),
            "widgets/b.json /definition/type"
        );
        assert_eq!(
            source("/widgets/0/definition/type"),
            "dashboards/1password-overview.json /widgets/0/definition/type"
        );
    }

    #[test]
    fn widgets_need_the_dashboard_and_must_be_json() {
        let alone = content(&[(Kind::Widget, "a", json!({}))]);
        let error = alone.dashboards().unwrap_err().to_string();
        assert!(
            error.starts_with("widgets/a.json:1:1: there is no dashboard"),
            "{error}"
        );
        let list = content(&[overview(), (Kind::Widget, "a", json!([]))]);
        let error = list.dashboards().unwrap_err().to_string();
        assert!(error.starts_with("widgets/a.json:1:"), "{error}");
    }
}
