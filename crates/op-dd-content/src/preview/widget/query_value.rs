use serde_json::{Map, Value};

use super::{Picture, text};
use crate::preview::answer::Answer;
use crate::preview::evidence::Evidence;
use crate::preview::markup::Text;
use crate::preview::number::Numbers;
use crate::preview::request::Request;
use crate::preview::{Refusal, colour};

/// One number.
pub(super) fn draw(
    definition: &Map<String, Value>,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let request = &Request::first(definition)?;
    let answer = Answer::scalar(request, evidence)?;
    let formula = request.formulas.first();
    let mut numbers =
        Numbers::of(formula).in_unit(definition.get("custom_unit").and_then(Value::as_str));
    numbers.autoscale = definition.get("autoscale") != Some(&Value::Bool(false));
    let precision = definition.get("precision").and_then(Value::as_u64);
    numbers.precision = precision.map_or(2, |precision| precision.min(8) as usize);

    let value = answer.rows.first().and_then(|row| row.value(0));
    let html = value.map(|value| {
        let formats = formula.map_or(&[][..], |formula| &formula.conditional_formats);
        let formats = if formats.is_empty() { &request.conditional_formats } else { formats };
        let (number, unit) = numbers.parts(value);
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!(" <small>{}</small>", Text(unit))
        };
        let align = match text(definition, "text_align") {
            "left" => " left",
            "right" => " right",
            _ => "",
        };
        let dress = colour::of_value(formats, value);
        format!(
            "<div class=\"value {}{align}\" style=\"{}\" data-value=\"{value}\"><b>{number}</b>{unit}</div>",
            dress.class, dress.css,
        )
    });
    Ok(Picture {
        html,
        taken: answer.taken,
    })
}
