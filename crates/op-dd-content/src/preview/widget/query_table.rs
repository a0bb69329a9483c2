use serde_json::{Map, Value};

use super::{Picture, cell};
use crate::preview::answer::Answer;
use crate::preview::evidence::Evidence;
use crate::preview::grid::Place;
use crate::preview::markup::{Name, Text};
use crate::preview::number::Numbers;
use crate::preview::request::{FormulaText, Request};
use crate::preview::{Refusal, colour};

/// Groups and their values as a table.
pub(super) fn draw(
    definition: &Map<String, Value>,
    place: Place,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let request = &Request::first(definition)?;
    let answer = Answer::scalar(request, evidence)?;
    let formulas = &request.formulas;
    let names = answer
        .facets
        .iter()
        .map(|facet| format!("<th>{}</th>", Name(facet)));
    let titles = formulas.iter().map(|formula| {
        let name = formula.name(request);
        format!("<th class=\"number\">{}</th>", Name(&name))
    });
    let head: String = names.chain(titles).collect();

    let shown = place.room(31).max(5);
    let rows = answer.rows.iter().take(shown).map(|row| {
        let key = answer.facets.iter().zip(&row.key);
        let key = key.map(|(facet, value)| cell(facet, value));
        let values = formulas
            .iter()
            .enumerate()
            .map(|(place, formula)| number(&formula.name(request), formula, row.value(place)));
        format!("<tr>{}</tr>", key.chain(values).collect::<String>())
    });
    let rows: String = rows.collect();
    let more = answer.rows.len().saturating_sub(shown) + answer.more;
    let more = super::more(more);
    let table = format!("<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}");
    Ok(Picture {
        html: (!answer.rows.is_empty()).then_some(table),
        taken: answer.taken,
    })
}

fn number(name: &str, formula: &FormulaText, value: Option<f64>) -> String {
    let text = value.map_or("–".to_owned(), |value| {
        Numbers::of(Some(formula)).text(value)
    });
    let dress = value.map_or_else(String::new, |value| {
        colour::of_value(&formula.conditional_formats, value).css
    });
    format!(
        "<td class=\"number\" data-column=\"{}\"><span style=\"{dress}\">{}</span></td>",
        Text(name),
        Text(&text)
    )
}
