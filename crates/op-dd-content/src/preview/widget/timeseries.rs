use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Picture;
use crate::preview::answer::{Answer, Row, Taken};
use crate::preview::evidence::Evidence;
use crate::preview::grid::Place;
use crate::preview::markup::Text;
use crate::preview::number::{Numbers, axis};
use crate::preview::request::Request;
use crate::preview::steps::{Steps, round};
use crate::preview::{Refusal, colour};

/// The plot's own units; it is stretched to the room that there is, and the words around it are not.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;

/// How many groups the legend names.
const NAMED: usize = 12;

/// One line, one kind of bars or one area.
struct Series {
    name: String,
    hue: &'static str,
    total: f64,
    display: Display,
    /// From where to where, at each step; lines begin nowhere.
    values: Vec<Option<(f64, f64)>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Display {
    Bars,
    Area,
    Line,
}

/// Values over time.
pub(super) fn draw(
    definition: &Map<String, Value>,
    place: Place,
    evidence: &mut Evidence<'_>,
) -> Result<Picture, Refusal> {
    let requests = Request::all(definition)?;
    if requests.is_empty() {
        return Err(Refusal("it has no request".to_owned()));
    }
    let mut taken = Taken::default();
    let mut series = Vec::new();
    let mut steps = None;
    let mut numbers = Numbers::plain();
    for request in &requests {
        let answer = Answer::series(request, evidence)?;
        numbers = Numbers::of(request.formulas.first());
        series.extend(self::series(request, &answer, series.len()));
        // Requests of different intervals can't share an axis of ours; the coarsest is taken by all.
        if *steps.get_or_insert(answer.steps) != answer.steps {
            return Err(Refusal("its requests have different intervals".to_owned()));
        }
        taken.add(answer.taken);
    }
    let steps = steps.filter(|_| !series.is_empty() && taken.logs > 0);
    let html = steps.map(|steps| {
        let plot = plot(
            &series,
            steps,
            place,
            &numbers,
            super::text(definition, "title"),
        );
        let legend = if series.len() > 1 {
            legend(&series, &numbers)
        } else {
            String::new()
        };
        format!("<div class=\"chart\">{plot}{legend}</div>")
    });
    Ok(Picture { html, taken })
}

fn series(request: &Request, answer: &Answer, before: usize) -> Vec<Series> {
    let display = match request.display_type.as_deref() {
        Some("bars") => Display::Bars,
        Some("area") => Display::Area,
        _ => Display::Line,
    };
    let formulas = answer.rows.first().map_or(0, |row| row.values.len());
    let facet = answer.facet();
    let mut ground = vec![0.0; answer.steps.count];
    let mut all = Vec::new();
    for formula in 0..formulas {
        for row in &answer.rows {
            let values = row.values[formula]
                .iter()
                .zip(&mut ground)
                .map(|(value, ground)| {
                    let value = (*value)?;
                    if display == Display::Line {
                        return Some((0.0, value));
                    }
                    let from = *ground;
                    *ground += value;
                    Some((from, *ground))
                });
            let values = values.collect();
            let name = name(request, row, formula);
            all.push(Series {
                hue: colour::of_group(&request.style.palette, facet, &name, before + all.len()),
                name,
                total: row.total(formula),
                display,
                values,
            });
        }
    }
    all
}

/// The group, or what is computed if there is only one.
fn name(request: &Request, row: &Row, formula: usize) -> String {
    let formula = request.formulas.get(formula);
    let of_formula = formula.map(|formula| formula.name(request));
    match of_formula {
        Some(name) if row.key.is_empty() => name,
        Some(name) if request.formulas.len() > 1 => format!("{name}: {}", row.name()),
        _ => row.name(),
    }
}

fn plot(series: &[Series], steps: Steps, place: Place, numbers: &Numbers, title: &str) -> String {
    let tops = series
        .iter()
        .flat_map(|series| series.values.iter().flatten());
    let (greatest, parts) = axis(tops.map(|(_, top)| *top).fold(0.0, f64::max));
    let lines = (0..=parts).map(|part| part as f64 / parts as f64);
    let labels: Vec<(f64, String)> = lines
        .map(|share| (share, numbers.text(share * greatest)))
        .collect();
    let widest = labels
        .iter()
        .map(|(_, label)| label.as_str())
        .max_by_key(|label| label.len());
    let ys: String = labels
        .iter()
        .map(|(share, label)| {
            format!(
                "<span style=\"bottom:{:.2}%\">{}</span>",
                share * 100.0,
                Text(label)
            )
        })
        .collect();
    let grid: String = labels
        .iter()
        .map(|(share, _)| format!("M0 {0:.1}H{WIDTH}", HEIGHT * (1.0 - share)))
        .collect();
    let most = usize::try_from(place.width).unwrap_or(12).clamp(3, 9);
    let xs: String = ticks(steps, most)
        .into_iter()
        .map(|(share, label)| format!("<span style=\"left:{:.2}%\">{label}</span>", share * 100.0))
        .collect();
    let paths: String = series
        .iter()
        .map(|series| series.draw(greatest, numbers))
        .collect();
    format!(
        "<div class=\"plot\"><div class=\"ys\" aria-hidden=\"true\"><i>{}</i>{ys}</div>\
         <div class=\"area\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{}\"><path class=\"grid-lines\" d=\"{grid}\"/>{paths}</svg></div>\
         <div class=\"xs\" aria-hidden=\"true\">{xs}</div></div>",
        Text(widest.unwrap_or_default()),
        Text(title),
    )
}

impl Series {
    fn draw(&self, greatest: f64, numbers: &Numbers) -> String {
        let y = |value: f64| HEIGHT * (1.0 - (value / greatest).clamp(0.0, 1.0));
        let step = WIDTH / self.values.len() as f64;
        let middle = |place: usize| (place as f64 + 0.5) * step;
        let there = self.values.iter().enumerate();
        let there: Vec<(usize, f64, f64)> = there
            .filter_map(|(place, value)| value.map(|(from, to)| (place, from, to)))
            .collect();
        let mut path = String::new();
        let class = match self.display {
            Display::Bars => {
                for (place, from, to) in there.iter().filter(|(_, from, to)| to > from) {
                    let (left, width) = (*place as f64 * step + step * 0.1, step * 0.8);
                    let (top, height) = (y(*to), y(*from) - y(*to));
                    path += &format!("M{left:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z");
                }
                "bars"
            }
            Display::Area => {
                for (place, _, to) in &there {
                    let command = if path.is_empty() { 'M' } else { 'L' };
                    path += &format!("{command}{:.1} {:.1}", middle(*place), y(*to));
                }
                for (place, from, _) in there.iter().rev() {
                    path += &format!("L{:.1} {:.1}", middle(*place), y(*from));
                }
                "filled"
            }
            Display::Line => {
                let mut last = None;
                for (place, _, to) in &there {
                    // A line isn't drawn over steps that have no value.
                    let command = if place.checked_sub(1) == last && last.is_some() {
                        'L'
                    } else {
                        'M'
                    };
                    path += &format!("{command}{:.1} {:.1}h.01", middle(*place), y(*to));
                    last = Some(*place);
                }
                "line"
            }
        };
        format!(
            "<path class=\"{class}\" style=\"--hue:{}\" d=\"{path}\"><title>{}: {}</title></path>",
            self.hue,
            Text(&self.name),
            Text(&numbers.text(self.total)),
        )
    }
}

/// Round times, and how far along they are.
fn ticks(steps: Steps, most: usize) -> Vec<(f64, String)> {
    let length = steps.end() - steps.begin;
    let every = round(length / i64::try_from(most).unwrap_or(6));
    let first = steps.begin + (-steps.begin).rem_euclid(every);
    let mut ticks = Vec::new();
    let mut at = first;
    while at < steps.end() {
        let share = (at - steps.begin) as f64 / length as f64;
        let time = Timestamp::from_millisecond(at).unwrap_or_default();
        let of_day = at.rem_euclid(24 * 3_600_000);
        let label = if of_day == 0 {
            time.strftime("%b %d").to_string()
        } else if every < 60_000 {
            time.strftime("%H:%M:%S").to_string()
        } else {
            time.strftime("%H:%M").to_string()
        };
        // At the very ends there is no room for words.
        if (0.02..=0.97).contains(&share) {
            ticks.push((share, label));
        }
        at += every;
    }
    ticks
}

fn legend(series: &[Series], numbers: &Numbers) -> String {
    let items: String = series
        .iter()
        .take(NAMED)
        .map(|series| {
            format!(
                "<li style=\"--hue:{}\"><bdi>{}</bdi> <b>{}</b></li>",
                series.hue,
                Text(&series.name),
                Text(&numbers.text(series.total)),
            )
        })
        .collect();
    let more = series.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!("<li class=\"rest\">{more} more</li>")
    } else {
        String::new()
    };
    format!("<ul class=\"legend\">{items}{more}</ul>")
}
