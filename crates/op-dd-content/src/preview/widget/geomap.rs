use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Picture, text};
use crate::preview::answer::Answer;
use crate::preview::evidence::Evidence;
use crate::preview::grid::Place;
use crate::preview::markup::Text;
use crate::preview::number::Numbers;
use crate::preview::request::Request;
use crate::preview::world::{self, Country, SIZE};
use crate::preview::{Refusal, colour};

/// Countries, the darker the more there is in them.
pub(super) fn draw(
    definition: &Map<String, Value>,
    place: Place,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let requests = Request::all(definition)?;
    let request = requests.iter().find(|request| !request.queries.is_empty());
    let request = request
        .ok_or_else(|| Refusal("only countries are drawn here, and it has points".to_owned()))?;
    let answer = Answer::scalar(request, evidence)?;
    let numbers = Numbers::of(request.formulas.first());
    let mut values = BTreeMap::new();
    for row in &answer.rows {
        if let (Some(code), Some(value)) = (row.key.first(), row.value(0)) {
            *values.entry(code.as_str()).or_insert(0.0) += value;
        }
    }
    let palette = definition
        .get("style")
        .and_then(|style| style.get("palette"));
    let hue = colour::of_map(palette.and_then(Value::as_str).unwrap_or_default());
    let countries = world::countries().map_err(|error| Refusal(format!("no map: {error}")))?;
    let greatest = values.values().copied().fold(0.0, f64::max);
    let shapes: String = countries
        .iter()
        .map(|country| shape(country, &values, greatest, &numbers))
        .collect();
    // Beside a map that is wide enough there is room for words, otherwise below.
    let (class, named) = if place.is_wide() {
        ("map", place.room(25))
    } else {
        ("map below", 12)
    };
    let legend = legend(&values, &countries, greatest, named, &numbers);
    let html = format!(
        "<div class=\"{class}\" style=\"--hue:{hue}\"><div class=\"world\"><svg viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-label=\"{}\">{shapes}</svg></div>{legend}</div>",
        SIZE.0,
        SIZE.1,
        Text(text(definition, "title")),
    );
    Ok(Picture {
        html: (!values.is_empty()).then_some(html),
        taken: answer.taken,
    })
}

fn shape(
    country: &Country,
    values: &BTreeMap<&str, f64>,
    greatest: f64,
    numbers: &Numbers,
) -> String {
    let hit = country
        .code
        .and_then(|code| Some((code, *values.get(code)?)));
    let (marks, title) = match hit {
        Some((code, value)) => (
            format!(
                " class=\"hit\" data-country=\"{code}\" data-value=\"{value}\" style=\"--v:{:.2}\"",
                strength(value, greatest)
            ),
            format!(
                "<title>{}: {}</title>",
                Text(country.name),
                Text(&numbers.text(value))
            ),
        ),
        None => (String::new(), String::new()),
    };
    match &country.place {
        world::Place::Shape(path) => format!("<path{marks} d=\"{path}\">{title}</path>"),
        world::Place::Point(x, y) if hit.is_some() => {
            format!("<circle{marks} cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\">{title}</circle>")
        }
        world::Place::Point(..) => String::new(),
    }
}

/// How dark a country is: by the number of digits, since a few countries have most of it.
fn strength(value: f64, greatest: f64) -> f64 {
    let share = value.max(0.0).ln_1p() / greatest.max(1.0).ln_1p();
    0.22 + 0.78 * share.clamp(0.0, 1.0)
}

fn legend(
    values: &BTreeMap<&str, f64>,
    countries: &[Country],
    greatest: f64,
    named: usize,
    numbers: &Numbers,
) -> String {
    let mut sorted: Vec<(&str, f64)> = values.iter().map(|(code, value)| (*code, *value)).collect();
    sorted.sort_by(|(one_code, one), (code, other)| {
        other.total_cmp(one).then_with(|| one_code.cmp(code))
    });
    let rows: String = sorted
        .iter()
        .take(named)
        .map(|(code, value)| {
            let on_map = countries.iter().any(|country| country.code == Some(code));
            let name = world::name(code).filter(|_| on_map).map_or_else(
                || format!("{} <small>not on the map</small>", Text(code)),
                |name| Text(name).to_string(),
            );
            format!(
                "<li style=\"--v:{:.2}\"><bdi>{name}</bdi> <b>{}</b></li>",
                strength(*value, greatest),
                Text(&numbers.text(*value)),
            )
        })
        .collect();
    let more = sorted.len().saturating_sub(named);
    let more = super::more(more);
    format!("<div class=\"places\"><ul>{rows}</ul>{more}</div>")
}
