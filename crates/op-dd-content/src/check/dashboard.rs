use serde_json::Value;

use super::fields::check_query;
use super::report::{Report, Spot};
use super::schema::Schema;
use super::variables::Variables;
use super::{beyond, layout, marks, objects, request};
use crate::{Asset, Content, Kind};

/// The dashboard that widgets of one's own are added to.
const OVERVIEW: &str = "1password-overview";

/// What a list may show that is neither an attribute nor a tag.
const COLUMNS: [&str; 5] = ["content", "date", "status_line", "timestamp", "daily"];

pub(super) fn check(asset: &Asset, json: &Value, widgets: &Schema, report: &mut Report<'_>) {
    let mut variables = Variables::of(json);
    let is_fixed = json["reflow_type"] == "fixed";
    check_widgets(json, "", is_fixed, widgets, &mut variables, report);
    variables.check_declared(report);
    marks::check_description(asset, json, report);
}

/// A widget of one's own stands in the dashboard that it is added to.
pub(super) fn check_widget(
    content: &Content,
    json: &Value,
    widgets: &Schema,
    report: &mut Report<'_>,
) {
    let overview = content
        .of(Kind::Dashboard)
        .find(|asset| asset.name() == OVERVIEW);
    let overview = overview.and_then(|asset| serde_json::from_str(asset.text()).ok());
    let overview: Value = overview.unwrap_or_default();
    let mut variables = Variables::of(&overview);
    check_definition(
        &json["definition"],
        "/definition",
        false,
        widgets,
        &mut variables,
        report,
    );
}

fn check_widgets<'a>(
    of: &'a Value,
    pointer: &str,
    is_fixed: bool,
    schema: &Schema,
    variables: &mut Variables<'a>,
    report: &mut Report<'_>,
) {
    layout::check(of, pointer, is_fixed, report);
    for (pointer, widget) in objects(of, pointer, "widgets") {
        schema.check(report, &pointer, widget);
        let place = format!("{pointer}/definition");
        check_definition(
            &widget["definition"],
            &place,
            is_fixed,
            schema,
            variables,
            report,
        );
    }
}

fn check_definition<'a>(
    definition: &'a Value,
    pointer: &str,
    is_fixed: bool,
    schema: &Schema,
    variables: &mut Variables<'a>,
    report: &mut Report<'_>,
) {
    let beyond = beyond::of_widget(definition, pointer);
    if let Some((place, problem)) = &beyond {
        report.notice(place, &**problem);
    }
    let is_known = beyond.is_none() && schema.check_typed(report, pointer, definition);
    if !is_known {
        variables.see(&definition.to_string());
    }
    if !is_known && beyond.is_none() {
        return;
    }
    check_widgets(definition, pointer, is_fixed, schema, variables, report);
    let title = definition["title"].as_str().unwrap_or_default();
    for (pointer, request) in objects(definition, pointer, "requests") {
        request::check_queries(
            request,
            &pointer,
            "queries",
            report,
            |report, place, query| {
                variables.check(report, place, query);
            },
        );
        check_formulas(request, &pointer, report);
        if definition["type"] == "toplist" {
            check_order(title, request, &pointer, report);
        }
        check_list(request, &pointer, variables, report);
    }
}

fn check_formulas(request: &Value, pointer: &str, report: &mut Report<'_>) {
    let queries = objects(request, pointer, "queries");
    let queries: Vec<&str> = queries
        .iter()
        .filter_map(|(_, query)| query["name"].as_str())
        .collect();
    let formulas = objects(request, pointer, "formulas");
    for (pointer, formula) in &formulas {
        let place = format!("{pointer}/formula");
        let formula = formula["formula"].as_str().unwrap_or_default();
        request::check_formula(formula, |at| Spot::Within(&place, at), &queries, report);
    }
    for (pointer, order) in objects(&request["sort"], &format!("{pointer}/sort"), "order_by") {
        let last = formulas.len().max(1);
        if order["index"]
            .as_u64()
            .is_some_and(|index| index >= last as u64)
        {
            let problem = format!("the last formula is number {}: they begin at 0", last - 1);
            report.fault(&format!("{pointer}/index"), problem);
        }
    }
}

/// A list that begins with the rarest is cut off by the groups' order and drawn by the request's.
fn check_order(title: &str, request: &Value, pointer: &str, report: &mut Report<'_>) {
    let mut orders = Vec::new();
    for (pointer, order) in objects(&request["sort"], &format!("{pointer}/sort"), "order_by") {
        orders.extend(
            order["order"]
                .as_str()
                .map(|order| (format!("{pointer}/order"), order)),
        );
    }
    for (pointer, formula) in objects(request, pointer, "formulas") {
        let Some(order) = formula["limit"]["order"].as_str() else {
            continue;
        };
        let place = format!("{pointer}/limit/order");
        if let Some((_, drawn)) = orders.first().filter(|(_, drawn)| *drawn != order) {
            let problem = format!(
                "the formula keeps those in order {order}, and they are drawn in order {drawn}: it has to be one"
            );
            return report.fault(&place, problem);
        }
        orders.push((place, order));
    }
    let drawn = orders.first().map(|(_, order)| *order);
    for (pointer, query) in objects(request, pointer, "queries") {
        for (pointer, group) in objects(query, &pointer, "group_by") {
            let Some(order) = group["sort"]["order"].as_str() else {
                continue;
            };
            let place = format!("{pointer}/sort/order");
            if let Some(drawn) = drawn.filter(|drawn| *drawn != order) {
                let problem = format!(
                    "groups are chosen in order {order} and drawn in order {drawn}: it has to be one"
                );
                return report.fault(&place, problem);
            }
            orders.push((place, order));
        }
    }
    let title = title.to_lowercase();
    let says = |words: &[&str]| title.split_whitespace().any(|word| words.contains(&word));
    let meant = match (
        says(&["infrequent", "rarest", "fewest", "least"]),
        says(&["frequent", "top"]),
    ) {
        (true, _) => "asc",
        (false, true) => "desc",
        (false, false) => return,
    };
    if let Some((place, order)) = orders.iter().find(|(_, order)| *order != meant) {
        report.fault(
            place,
            format!("by its title the order is {meant}, not {order}"),
        );
    }
}

fn check_list(
    request: &Value,
    pointer: &str,
    variables: &mut Variables<'_>,
    report: &mut Report<'_>,
) {
    let Some(query) = request["query"]["query_string"].as_str() else {
        return;
    };
    if beyond::is_query(&request["query"]) {
        return;
    }
    let place = format!("{pointer}/query/query_string");
    variables.check(report, &place, query);
    let signals = request["query"]["data_source"] == "security_signals_stream";
    let Some(scope) = check_query(report, |at| Spot::Within(&place, at), query, signals) else {
        return;
    };
    for (pointer, column) in objects(request, pointer, "columns") {
        let place = format!("{pointer}/field");
        match column["field"].as_str() {
            Some(field) if !COLUMNS.contains(&field) => {
                scope.check_field(report, Spot::Value(&place), field);
            }
            _ => {}
        }
    }
}
