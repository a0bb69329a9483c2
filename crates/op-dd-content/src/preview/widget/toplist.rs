use serde_json::{Map, Value};

use super::Picture;
use crate::preview::answer::Answer;
use crate::preview::evidence::Evidence;
use crate::preview::markup::{Name, Text};
use crate::preview::number::Numbers;
use crate::preview::request::Request;
use crate::preview::{Refusal, colour};

/// A page isn't the place for more.
const MOST: usize = 25;

/// Groups as bars, in the order that is asked for.
pub(super) fn draw(
    definition: &Map<String, Value>,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let request = &Request::first(definition)?;
    let answer = Answer::scalar(request, evidence)?;
    let numbers = Numbers::of(request.formulas.first());
    let facet = answer.facet();
    let style = definition
        .get("style")
        .and_then(|style| style.get("palette"));
    let palette = style
        .and_then(Value::as_str)
        .unwrap_or(&request.style.palette);
    let values = answer.rows.iter().filter_map(|row| row.value(0));
    let greatest = values.fold(0.0, f64::max);
    let bars = answer.rows.iter().take(MOST).filter_map(|row| {
        let value = row.value(0)?;
        let share = if greatest > 0.0 {
            value / greatest * 100.0
        } else {
            0.0
        };
        // One colour for all: they are told apart by their names.
        let hue = colour::of_group(palette, facet, &row.name(), 0);
        Some(format!(
            "<li data-value=\"{value}\" style=\"--hue:{hue}\"><span class=\"number\">{}</span>\
             <span class=\"bar\"><i style=\"width:{:.2}%\"></i><bdi>{}</bdi></span></li>",
            Text(&numbers.text(value)),
            share.max(0.6),
            Name(&row.name()),
        ))
    });
    let bars: String = bars.collect();
    let more = answer.rows.len().saturating_sub(MOST);
    let more = super::more(more);
    Ok(Picture {
        html: (!bars.is_empty()).then(|| format!("<ol class=\"bars\">{bars}</ol>{more}")),
        taken: answer.taken,
    })
}
