use serde_json::Value;

use super::fields::check_query;
use super::report::{Report, Spot};
use super::schema::Schema;
use super::scope::Scope;
use super::{marks, objects, texts, variables};
use crate::{Asset, Pipeline};

pub(super) fn check(
    asset: &Asset,
    json: &Value,
    schema: &Schema,
    report: &mut Report<'_>,
    samples: Option<&mut Report<'_>>,
) {
    marks::check_tags(asset, json, report);
    let mut targets = Vec::new();
    gather_targets(json, &mut targets);
    check_steps(json, "", schema, &targets, report);
    if report.has_faults() {
        return;
    }
    match (Pipeline::parse(asset.text()), asset.samples(), samples) {
        (Err(error), ..) => report.notice(Spot::File, format!("{error}: its samples aren't tried")),
        (Ok(pipeline), Some(file), Some(samples)) => match pipeline.try_samples(file) {
            Err(error) => samples.unreadable(&error.to_string()),
            Ok(trials) => {
                for trial in trials {
                    for difference in trial.differences {
                        samples.fault(&trial.pointer, format!("{}: {difference}", trial.title));
                    }
                }
            }
        },
        _ => report.notice(
            Spot::File,
            format!(
                "nothing shows what it does: put samples/{}.json beside it",
                asset.name()
            ),
        ),
    }
}

fn gather_targets<'a>(of: &'a Value, targets: &mut Vec<&'a str>) {
    for (_, processor) in objects(of, "", "processors") {
        targets.extend(processor["target"].as_str());
        gather_targets(processor, targets);
    }
}

fn check_steps(
    of: &Value,
    pointer: &str,
    schema: &Schema,
    targets: &[&str],
    report: &mut Report<'_>,
) {
    let scope = check_filter(of, pointer, report).unwrap_or_else(Scope::ours);
    for (pointer, processor) in objects(of, pointer, "processors") {
        if !schema.check_typed(report, &pointer, processor) {
            continue;
        }
        if processor["type"] == "pipeline" {
            check_steps(processor, &pointer, schema, targets, report);
        }
        for (pointer, category) in objects(processor, &pointer, "categories") {
            check_filter(category, &pointer, report);
        }
        let source = processor["source"]
            .as_str()
            .map(|source| (format!("{pointer}/source"), source));
        for (place, source) in texts(processor, &pointer, "sources")
            .into_iter()
            .chain(source)
        {
            if processor["source_type"] != "tag" && !targets.contains(&source) {
                scope.check_field(report, Spot::Value(&place), &format!("@{source}"));
            }
        }
    }
}

fn check_filter(of: &Value, pointer: &str, report: &mut Report<'_>) -> Option<Scope> {
    let place = format!("{pointer}/filter/query");
    let query = of["filter"]["query"].as_str()?;
    let spot = |at| Spot::Within(&place, at);
    variables::check_none(report, spot, query);
    check_query(report, spot, query, false)
}
