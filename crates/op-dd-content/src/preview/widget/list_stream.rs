use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Picture, cell};
use crate::preview::answer::{Taken, none_matches};
use crate::preview::evidence::{Evidence, Source};
use crate::preview::grid::Place;
use crate::preview::markup::{Name, Text};
use crate::preview::request::{ColumnName, Request};
use crate::preview::{Refusal, colour};
use crate::{Log, Reserved};

/// The logs themselves, the newest first.
pub(super) fn draw(
    definition: &Map<String, Value>,
    place: Place,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let request = &Request::first(definition)?;
    let stream = request.query.as_ref();
    let stream = stream.ok_or_else(|| Refusal("its request has no `query`".to_owned()))?;
    let source = Source::named(&stream.data_source)?;
    let query = evidence.filled(&stream.query_string);
    let index = evidence.index(source);
    let rows = index
        .search(&query)
        .map_err(|error| Refusal(format!("the query `{query}`: {error}")))?;

    let head = request
        .columns
        .iter()
        .map(|column| format!("<th>{}</th>", Name(title(&column.field))));
    let head: String = head.collect();
    let shown = place.room(31);
    let lines = rows.iter().rev().take(shown).map(|row| {
        let cells = request
            .columns
            .iter()
            .map(|column| value(column, index.logs()[*row]));
        format!("<tr>{}</tr>", cells.collect::<String>())
    });
    let lines: String = lines.collect();
    let more = rows.len().saturating_sub(shown);
    let more = super::more(more);
    let mut taken = Taken::default();
    taken.note(source, index.logs(), &rows);
    if rows.is_empty() {
        taken.reason = Some(none_matches(source, &query));
    }
    let table =
        format!("<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{more}");
    Ok(Picture {
        html: (!rows.is_empty()).then_some(table),
        taken,
    })
}

fn title(field: &str) -> &str {
    match field {
        "timestamp" => "date",
        "content" => "message",
        "status_line" => "status",
        other => other,
    }
}

fn value(column: &ColumnName, log: &Log) -> String {
    let field = column.field.as_str();
    let name = Text(title(field));
    match field {
        "timestamp" => {
            let time = Timestamp::from_millisecond(log.millis()).unwrap_or_default();
            let text = time.strftime("%b %d %H:%M:%S");
            format!("<td class=\"time\" data-column=\"{name}\">{text}</td>")
        }
        "status" | "status_line" => {
            let status = log.reserved(Reserved::Status).unwrap_or("info");
            let hue = colour::of_status(status);
            let status = Text(status);
            format!(
                "<td data-column=\"{name}\"><span class=\"status\" style=\"--hue:{hue}\">{status}</span></td>"
            )
        }
        _ => {
            let value = match field {
                "content" => log.reserved(Reserved::Message).map(str::to_owned),
                other => log.text(other),
            };
            cell(title(field), &value.unwrap_or_default())
        }
    }
}
