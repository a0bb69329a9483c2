use std::collections::BTreeSet;

use op_dd_content::search::Query;
use op_dd_content::{Content, Dashboard, Kind, Widget};
use serde_json::{Value, json};

/// What the API wants of each sort of widget, which are also all that a preview shows.
const REQUIRED: [(&str, &[&str]); 9] = [
    ("note", &["content"]),
    ("group", &["layout_type", "widgets"]),
    ("query_value", &["requests"]),
    ("timeseries", &["requests"]),
    ("toplist", &["requests"]),
    ("sunburst", &["requests"]),
    ("geomap", &["requests", "style", "view"]),
    ("query_table", &["requests"]),
    ("list_stream", &["requests"]),
];

/// What each variable stands for, wherever it is.
const VARIABLES: [(&str, &str); 5] = [
    ("account", "account"),
    ("user", "@usr.email"),
    ("action", "@evt.name"),
    ("client_ip", "@network.client.ip"),
    ("country", "@network.client.geoip.country.iso_code"),
];

const COLUMNS: u64 = 12;

/// The line that a group's title takes.
const TITLE: u64 = 1;

fn dashboards() -> Vec<(String, Dashboard)> {
    let content = Content::bundled();
    let dashboards: Vec<_> = content
        .of(Kind::Dashboard)
        .map(|asset| {
            let dashboard = Dashboard::parse(asset.text()).unwrap();
            (asset.name().to_owned(), dashboard)
        })
        .collect();
    assert_eq!(dashboards.len(), 3);
    dashboards
}

/// Each widget, and how to call it if something is wrong with it.
fn each_widget(mut see: impl FnMut(&str, &Dashboard, &Widget<'_>)) {
    for (name, dashboard) in dashboards() {
        let widgets = dashboard.widgets();
        assert!(widgets.len() > 20, "{name}");
        for widget in widgets {
            let place = format!("{name}{}: {}", widget.pointer, widget.title());
            see(&place, &dashboard, &widget);
        }
    }
}

fn list<'a>(of: &'a Value, key: &str) -> &'a [Value] {
    of[key].as_array().map_or(&[], Vec::as_slice)
}

fn requests(widget: &Widget<'_>) -> Vec<Value> {
    let requests = widget.definition.get("requests").and_then(Value::as_array);
    requests.cloned().unwrap_or_default()
}

#[test]
fn every_query_is_understood_whether_or_not_something_is_chosen() {
    for (name, dashboard) in dashboards() {
        let mut chosen = Value::from(dashboard.json().clone());
        for variable in chosen["template_variables"].as_array_mut().unwrap() {
            variable["defaults"] = json!(["ada@example.com", "\"2001:db8::1\""]);
        }
        let chosen = Dashboard::parse(&chosen.to_string()).unwrap();
        for widget in dashboard.widgets() {
            for search in widget.searches() {
                for dashboard in [&dashboard, &chosen] {
                    let text = dashboard.with_defaults(search.text);
                    let query = Query::parse(&text);
                    assert!(query.is_ok(), "{name}{}: {query:?}", search.pointer);
                    assert!(!text.contains('$'), "{name}{}: {text}", search.pointer);
                }
            }
        }
    }
}

#[test]
fn variables_are_the_agreed_ones_and_each_is_used() {
    for (name, dashboard) in dashboards() {
        let declarations = dashboard.json()["template_variables"].as_array().unwrap();
        for variable in declarations {
            let known = VARIABLES.iter().any(|(name, prefix)| {
                *variable
                    == json!({"name": name, "prefix": prefix, "available_values": [],
                        "defaults": ["*"]})
            });
            assert!(known, "{name}: {variable}");
        }
        let declared: BTreeSet<&str> = declarations
            .iter()
            .filter_map(|variable| variable["name"].as_str())
            .collect();
        let widgets = dashboard.widgets();
        let searches = widgets.iter().flat_map(Widget::searches);
        let used: BTreeSet<&str> = searches.flat_map(|search| variables(search.text)).collect();
        assert_eq!(declared, used, "{name}");
    }
}

#[test]
fn what_is_chosen_narrows_every_widget_that_can_tell_it() {
    each_widget(|place, _, widget| {
        for search in widget.searches() {
            let expected: &[&str] = match (search.data_source, search.text) {
                ("logs", text) if text.starts_with("source:1password ") => {
                    &["account", "user", "action", "client_ip", "country"]
                }
                ("logs", text) if text.starts_with("source:op-dd ") => &["account"],
                ("logs", text) if text.starts_with("-source:1password -source:op-dd ") => {
                    &["user", "client_ip"]
                }
                ("security_signals", text) if text.starts_with("source:1password") => {
                    // The few fields that a signal has are those that its rule groups by.
                    assert!(
                        ["", "user"].contains(&variables(text).join(" ").as_str()),
                        "{place}"
                    );
                    continue;
                }
                _ => panic!("{place}: {}", search.text),
            };
            assert_eq!(variables(search.text), expected, "{place}");
        }
    });
}

/// The variables of a query, in their order.
fn variables(query: &str) -> Vec<&str> {
    let words = query.split_whitespace();
    words.filter_map(|word| word.strip_prefix('$')).collect()
}

#[test]
fn attempts_to_sign_in_are_counted_when_they_come_late_too() {
    let mut count = 0;
    each_widget(|place, _, widget| {
        for search in widget.searches() {
            if search.text.contains("1password-sign-in-attempts") {
                let late = search.text.contains("1password-sign-in-attempts* ");
                assert!(late, "{place}: {}", search.text);
                count += 1;
            }
        }
    });
    assert!(count > 20);
}

#[test]
fn widgets_tile_their_dashboard_and_their_group() {
    for (name, dashboard) in dashboards() {
        let json = Value::from(dashboard.json().clone());
        assert_eq!(json["layout_type"], "ordered");
        assert_eq!(json["reflow_type"], "fixed");
        let height = tiled(&json, &name);
        assert!(height > 0);
        for widget in list(&json, "widgets") {
            let group = &widget["definition"];
            if group["type"] != "group" {
                continue;
            }
            let place = format!("{name}, {}", group["title"]);
            assert_eq!(group["layout_type"], "ordered", "{place}");
            assert_eq!(widget["layout"]["width"], COLUMNS, "{place}");
            assert_eq!(
                widget["layout"]["height"],
                tiled(group, &place) + TITLE,
                "{place}"
            );
            let nested = list(group, "widgets")
                .iter()
                .any(|inner| inner["definition"]["type"] == "group");
            assert!(!nested, "{place}: groups don't nest");
        }
    }
}

/// How high a set of widgets is that covers all columns, with no hole and nothing twice.
fn tiled(of: &Value, place: &str) -> u64 {
    let mut covered = BTreeSet::new();
    for widget in list(of, "widgets") {
        let side = |key: &str| widget["layout"][key].as_u64().unwrap();
        let title = &widget["definition"]["title"];
        assert!(side("x") + side("width") <= COLUMNS, "{place}: {title}");
        for y in side("y")..side("y") + side("height") {
            for x in side("x")..side("x") + side("width") {
                assert!(covered.insert((y, x)), "{place}: {title} lies on another");
            }
        }
    }
    let height = covered.last().map_or(0, |(y, _)| y + 1);
    let holes: Vec<_> = (0..height)
        .flat_map(|y| (0..COLUMNS).map(move |x| (y, x)))
        .filter(|cell| !covered.contains(cell))
        .collect();
    assert!(holes.is_empty(), "{place}: nothing is at {holes:?}");
    height
}

#[test]
fn every_widget_has_what_its_sort_needs_and_a_title_of_its_own() {
    let mut titles = BTreeSet::new();
    each_widget(|place, dashboard, widget| {
        let Some((kind, required)) = REQUIRED.iter().find(|(kind, _)| *kind == widget.kind())
        else {
            panic!("{place}: nothing shows a {}", widget.kind());
        };
        for key in *required {
            assert!(widget.definition.contains_key(*key), "{place}: {key}");
        }
        if *kind != "note" {
            let title = (dashboard.title().to_owned(), widget.title().to_owned());
            assert!(!widget.title().is_empty(), "{place}");
            assert!(
                titles.insert(title),
                "{place}: there is another of this title"
            );
        }
        for request in requests(widget) {
            let format = match *kind {
                "timeseries" => "timeseries",
                "list_stream" => "event_list",
                _ => "scalar",
            };
            assert_eq!(request["response_format"], format, "{place}");
        }
    });
}

#[test]
fn formulas_name_the_queries_beside_them_and_sorting_names_formulas() {
    let mut count = 0;
    each_widget(|place, _, widget| {
        for request in requests(widget) {
            let queries: BTreeSet<_> = list(&request, "queries")
                .iter()
                .map(|query| query["name"].as_str().unwrap())
                .collect();
            assert_eq!(queries.len(), list(&request, "queries").len(), "{place}");
            let formulas = list(&request, "formulas");
            let named: BTreeSet<_> = formulas
                .iter()
                .flat_map(|formula| {
                    let words = formula["formula"].as_str().unwrap();
                    words.split(|c: char| !c.is_ascii_alphanumeric())
                })
                .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
                .collect();
            assert_eq!(queries, named, "{place}");
            for sort in list(&request["sort"], "order_by") {
                let index = sort["index"].as_u64().unwrap() as usize;
                assert!(index < formulas.len(), "{place}");
            }
            count += formulas.len();
        }
    });
    assert!(count > 100);
}

/// Datadog takes the groups by the query's order and then sorts what it took by the request's: a list of
/// the rarest that has only one of them shows the most frequent, or the rarest of the most frequent.
#[test]
fn a_list_is_ordered_alike_in_both_places_and_the_rare_ones_ascend() {
    let mut rare = BTreeSet::new();
    each_widget(|place, dashboard, widget| {
        let ascending = ["infrequent", "least"]
            .iter()
            .any(|word| widget.title().contains(word));
        let order = if ascending { "asc" } else { "desc" };
        for request in requests(widget) {
            let queries = list(&request, "queries");
            for query in queries {
                for group in list(query, "group_by") {
                    assert_eq!(group["sort"]["order"], order, "{place}");
                    // All queries of a table have to choose the same rows, or there are gaps in them.
                    let chosen_by = &group["sort"]["aggregation"];
                    let first = &queries[0]["compute"]["aggregation"];
                    assert_eq!(chosen_by, first, "{place}");
                }
            }
            for sort in list(&request["sort"], "order_by") {
                assert_eq!(sort["order"], order, "{place}");
            }
        }
        if ascending {
            assert_eq!(widget.kind(), "toplist", "{place}");
            rare.insert(dashboard.title().to_owned());
        }
    });
    assert_eq!(rare.len(), 3, "each dashboard shows what is rare");
}

#[test]
fn a_dashboard_is_known_by_its_mark_and_refers_to_nothing_outside() {
    for (name, dashboard) in dashboards() {
        let description = dashboard.json()["description"].as_str().unwrap();
        let mark = format!("Managed by op-dd: {name}");
        assert_eq!(description.lines().last(), Some(mark.as_str()));

        let text = Value::from(dashboard.json().clone()).to_string();
        for outside in ["http:", "https:", "\"url\"", "\"image\"", "\"id\""] {
            assert!(!text.contains(outside), "{name}: {outside}");
        }
    }
}
