//! How each type of widget is drawn.

use serde_json::{Map, Value};

use super::Refusal;
use super::answer::Taken;
use super::evidence::Evidence;
use super::grid::{self, Place};
use super::markup::{Name, Sentence, Text};
use super::number::Numbers;
use super::{colour, markdown};

mod geomap;
mod list_stream;
mod query_table;
mod query_value;
mod sunburst;
mod timeseries;
mod toplist;

/// What is so long isn't broken within its cell.
const SHORT: usize = 14;

/// What is in a widget.
struct Picture {
    /// Nothing, if there is nothing to see.
    html: Option<String>,
    taken: Taken,
}

/// The widget with its frame. `style` says where it is.
pub(super) fn html(
    definition: &Map<String, Value>,
    place: Place,
    style: &str,
    evidence: &mut Evidence<'_>,
) -> String {
    let kind = text(definition, "type");
    match kind {
        "group" => return group(definition, style, evidence),
        "note" => return note(definition, style),
        _ => {}
    }
    let picture = match kind {
        "query_value" => query_value::draw(definition, evidence),
        "timeseries" => timeseries::draw(definition, place, evidence),
        "toplist" => toplist::draw(definition, evidence),
        "sunburst" => sunburst::draw(definition, evidence),
        "geomap" => geomap::draw(definition, place, evidence),
        "query_table" => query_table::draw(definition, place, evidence),
        "list_stream" => list_stream::draw(definition, place, evidence),
        other => Err(Refusal(format!(
            "a widget of the type `{other}` isn't drawn here"
        ))),
    };
    let (state, taken, body) = match picture {
        Ok(Picture { html, taken }) => match html {
            Some(html) => ("drawn", taken, html),
            None => {
                let reason = taken
                    .reason
                    .as_deref()
                    .unwrap_or("There is nothing to see.");
                let body = format!("<p class=\"empty\">{}</p>", Sentence(reason));
                ("empty", taken, body)
            }
        },
        Err(refusal) => {
            let reason = format!("Not drawn by op-dd: {refusal}.");
            let body = format!("<p class=\"empty\">{}</p>", Sentence(&reason));
            ("refused", Taken::default(), body)
        }
    };
    let title = Text(text(definition, "title"));
    let mut labels = String::new();
    if taken.simulated {
        labels += "<span class=\"label\">simulated by op-dd</span>";
    }
    if taken.invented {
        labels += "<span class=\"label\">invented logs</span>";
    }
    format!(
        "<section class=\"widget {}\" style=\"{style}\" data-state=\"{state}\" data-logs=\"{}\" aria-label=\"{title}\">\
         <header><h3>{title}</h3>{labels}</header>{body}</section>",
        Text(kind),
        taken.logs,
    )
}

fn group(definition: &Map<String, Value>, style: &str, evidence: &mut Evidence<'_>) -> String {
    let title = Text(text(definition, "title"));
    let is_shown = definition.get("show_title") != Some(&Value::Bool(false));
    let hue = colour::of_background(text(definition, "background_color"));
    let bar = if is_shown {
        let class = if hue.is_some() {
            " class=\"filled\""
        } else {
            ""
        };
        format!("<h2{class}>{title}</h2>")
    } else {
        String::new()
    };
    let hue = hue.map_or_else(String::new, |hue| format!("--hue:{hue};"));
    let widgets = grid::html(definition, evidence);
    format!(
        "<section class=\"group\" style=\"{style}{hue}\" aria-label=\"{title}\">{bar}{widgets}</section>"
    )
}

fn note(definition: &Map<String, Value>, style: &str) -> String {
    let hue = colour::of_background(text(definition, "background_color"));
    let hue = hue.map_or_else(String::new, |hue| format!("--hue:{hue};"));
    let align = match text(definition, "vertical_align") {
        "center" => " middle",
        _ => "",
    };
    let content = markdown::html(text(definition, "content"));
    format!(
        "<aside class=\"widget note{align}\" style=\"{style}{hue}\"><div>{content}</div></aside>"
    )
}

/// A cell of a table. On a narrow screen, the name of its column is in front of it.
fn cell(column: &str, value: &str) -> String {
    let class = if value.chars().count() <= SHORT {
        " class=\"short\""
    } else {
        ""
    };
    format!(
        "<td{class} data-column=\"{}\"><bdi>{}</bdi></td>",
        Text(column),
        Name(value)
    )
}

/// What isn't shown, in number.
fn more(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    let count = Numbers::plain().text(count as f64);
    format!("<p class=\"more\">{count} more</p>")
}

fn text<'a>(of: &'a Map<String, Value>, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}
