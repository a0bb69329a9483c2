use std::f64::consts::TAU;

use serde_json::{Map, Value};

use super::{Picture, text};
use crate::preview::answer::{Answer, Row};
use crate::preview::evidence::Evidence;
use crate::preview::markup::{Name, Text};
use crate::preview::number::Numbers;
use crate::preview::request::Request;
use crate::preview::{Refusal, colour};

/// How many groups the legend names.
const NAMED: usize = 10;

/// A group of the first facet, and those of the second in it.
struct Part<'a> {
    name: &'a str,
    hue: &'static str,
    value: f64,
    within: Vec<&'a Row>,
}

/// Shares of a whole: a ring for one facet, two for two.
pub(super) fn draw(
    definition: &Map<String, Value>,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let request = &Request::first(definition)?;
    let answer = Answer::scalar(request, evidence)?;
    let rings = answer.facets.len();
    if !(1..=2).contains(&rings) {
        return Err(Refusal(format!(
            "a sunburst of {rings} facets isn't drawn here"
        )));
    }
    let numbers = Numbers::of(request.formulas.first());
    let parts = parts(&answer, &request.style.palette);
    let whole: f64 = parts.iter().map(|part| part.value).sum();
    let html = (whole > 0.0).then(|| {
        let arcs = arcs(&parts, whole, rings, &numbers);
        let total = Numbers {
            autoscale: true,
            precision: 1,
            ..numbers.clone()
        };
        let total = total.text(whole);
        let legend = definition
            .get("legend")
            .and_then(|legend| legend.get("type"));
        let legend = match legend.and_then(Value::as_str) {
            Some("none") => String::new(),
            _ => legend_of(&parts, whole, rings, &numbers),
        };
        format!(
            "<div class=\"sun\"><svg viewBox=\"0 0 200 200\" role=\"img\" aria-label=\"{}\">{arcs}\
             <text x=\"100\" y=\"108\">{}</text></svg>{legend}</div>",
            Text(text(definition, "title")),
            Text(&total),
        )
    });
    Ok(Picture {
        html,
        taken: answer.taken,
    })
}

fn parts<'a>(answer: &'a Answer, palette: &str) -> Vec<Part<'a>> {
    let facet = answer.facets.first().map(String::as_str);
    let mut parts: Vec<Part<'a>> = Vec::new();
    for row in &answer.rows {
        let value = row.value(0).unwrap_or(0.0).max(0.0);
        let Some(name) = row.key.first() else {
            continue;
        };
        if let Some(part) = parts.iter_mut().find(|part| part.name == name) {
            part.value += value;
            part.within.push(row);
        } else {
            parts.push(Part {
                name,
                hue: colour::of_group(palette, facet, name, parts.len()),
                value,
                within: vec![row],
            });
        }
    }
    parts.sort_by(|one, other| other.value.total_cmp(&one.value));
    parts
}

fn arcs(parts: &[Part<'_>], whole: f64, rings: usize, numbers: &Numbers) -> String {
    let (inner, outer) = if rings == 2 {
        ((40.0, 64.0), (66.0, 94.0))
    } else {
        ((58.0, 94.0), (0.0, 0.0))
    };
    let mut html = String::new();
    let mut begin = 0.0;
    for part in parts {
        let share = part.value / whole;
        html += &arc(
            begin,
            share,
            inner,
            part.hue,
            1.0,
            part.name,
            &numbers.text(part.value),
        );
        if rings == 2 {
            let mut at = begin;
            for (place, row) in part.within.iter().enumerate() {
                let value = row.value(0).unwrap_or(0.0).max(0.0);
                let strength = 0.8 - 0.45 * place as f64 / part.within.len() as f64;
                html += &arc(
                    at,
                    value / whole,
                    outer,
                    part.hue,
                    strength,
                    &row.name(),
                    &numbers.text(value),
                );
                at += value / whole;
            }
        }
        begin += share;
    }
    html
}

/// A piece of a ring, from its beginning and over its share of a turn.
fn arc(
    begin: f64,
    share: f64,
    (inner, outer): (f64, f64),
    hue: &str,
    strength: f64,
    name: &str,
    value: &str,
) -> String {
    // A whole turn would begin and end at the same point, and be none.
    let share = share.min(0.9999);
    let at = |radius: f64, turn: f64| {
        let (sine, cosine) = (turn * TAU).sin_cos();
        format!(
            "{:.2} {:.2}",
            100.0 + radius * sine,
            100.0 - radius * cosine
        )
    };
    let large = u8::from(share > 0.5);
    let end = begin + share;
    format!(
        "<path style=\"--hue:{hue};fill-opacity:{strength:.2}\" d=\"M{}A{outer} {outer} 0 {large} 1 {}L{}\
         A{inner} {inner} 0 {large} 0 {}Z\"><title>{}: {}</title></path>",
        at(outer, begin),
        at(outer, end),
        at(inner, end),
        at(inner, begin),
        Text(name),
        Text(value),
    )
}

fn legend_of(parts: &[Part<'_>], whole: f64, rings: usize, numbers: &Numbers) -> String {
    let row = |class: &str, hue: &str, name: &str, value: f64| {
        format!(
            "<tr class=\"{class}\" style=\"--hue:{hue}\"><th scope=\"row\"><bdi>{}</bdi></th><td>{}</td><td>{:.0} %</td></tr>",
            Name(name),
            Text(&numbers.text(value)),
            value / whole * 100.0,
        )
    };
    let mut rows = Vec::new();
    for part in parts {
        rows.push(row("", part.hue, part.name, part.value));
        if rings == 2 {
            let within = part.within.iter().map(|inner| {
                let name = inner.key.last().map_or("", String::as_str);
                row("inner", part.hue, name, inner.value(0).unwrap_or(0.0))
            });
            rows.extend(within);
        }
    }
    let more = rows.len().saturating_sub(NAMED);
    rows.truncate(NAMED);
    let more = super::more(more);
    format!(
        "<div class=\"shares\"><table>{}</table>{more}</div>",
        rows.concat()
    )
}
