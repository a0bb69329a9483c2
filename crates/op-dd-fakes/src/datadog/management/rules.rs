use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::{ApiError, Detail};
use super::identities::Identities;
use super::shelf::Shelf;
use crate::server::Reply;

mod check;
mod condition;
mod datadogs;
mod dress;
mod trial;

/// Below `/api/v2/security_monitoring/rules`: Datadog's own rules, and those that clients made.
#[derive(Debug)]
pub(crate) struct Rules(Shelf);

/// What a client may say of a rule. The rest of what it sends is left out.
const SETTABLE: [&str; 15] = [
    "calculatedFields",
    "cases",
    "filters",
    "groupSignalsBy",
    "hasExtendedTitle",
    "isEnabled",
    "message",
    "name",
    "options",
    "queries",
    "referenceTables",
    "schedulingOptions",
    "tags",
    "thirdPartyCases",
    "type",
];

const INVALID: &str = "Invalid rule configuration";

impl Rules {
    pub(crate) fn with_defaults(identities: &mut Identities) -> Self {
        let mut rules = Shelf::default();
        for (id, rule) in datadogs::rules(identities) {
            rules.push(id, rule);
        }
        Self(rules)
    }

    pub(crate) fn answer(
        &mut self,
        call: &Call<'_>,
        identities: &mut Identities,
    ) -> Result<Reply, ApiError> {
        match (call.method, call.place) {
            (&Method::GET, "") => self.list(call),
            (&Method::POST, "") => {
                let mut rule = settable(call.object()?);
                check(&rule)?;
                let id = identities.short();
                dress::dress(&mut rule);
                rule.extend(dress::of_server(&id, call));
                let rule = Value::Object(rule);
                let reply = Reply::value(&rule);
                self.0.push(id, rule);
                Ok(reply)
            }
            (&Method::POST, "validation") => match check::check(&call.object()?) {
                details if details.is_empty() => Ok(Reply::empty()),
                details => Err(ApiError::Invalid(StatusCode::BAD_REQUEST, INVALID, details)),
            },
            (&Method::POST, "test") => trial::answer(&call.object()?),
            (&Method::GET, id) => {
                let unknown = || ApiError::not_found("Not found");
                self.0.get(id).map(Reply::value).ok_or_else(unknown)
            }
            (&Method::PUT, id) => self.change(id, call),
            (&Method::DELETE, id) => {
                own(self.0.get_mut(id).ok_or_else(|| unknown(id))?)?;
                self.0.remove(id);
                Ok(Reply::empty())
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    /// Those that clients made.
    pub(crate) fn kept(&self) -> BTreeMap<String, Value> {
        self.0.kept(|rule| rule["isDefault"] == false)
    }

    /// A page, Datadog's own first. As recorded, the page says of itself how long it is, and how many rules there are.
    fn list(&self, call: &Call<'_>) -> Result<Reply, ApiError> {
        let size = call.number("page[size]", 10)?;
        let number = call.number("page[number]", 0)?;
        if !(1..=100).contains(&size) {
            return Err(ApiError::bad_request("page[size] is not from 1 to 100"));
        }
        let start = number.saturating_mul(size);
        let page: Vec<&Value> = self.0.objects().skip(start).take(size).collect();
        let counts = json!({
            "total_count": self.0.ids().count(),
            "total_filtered_count": page.len(),
        });
        Ok(Reply::value(
            &json!({ "data": page, "meta": { "page": counts } }),
        ))
    }

    /// What isn't said stays as it was; what is said, a list of queries for example, is replaced as a whole.
    fn change(&mut self, id: &str, call: &Call<'_>) -> Result<Reply, ApiError> {
        let kept = self.0.get_mut(id).ok_or_else(|| unknown(id))?;
        let mut rule = own(kept)?.clone();
        rule.extend(settable(call.object()?));
        check(&rule)?;
        dress::dress(&mut rule);
        let version = rule["version"].as_u64().unwrap_or_default() + 1;
        rule.insert("version".to_owned(), json!(version));
        rule.extend(dress::of_change(call));
        *kept = Value::Object(rule);
        Ok(Reply::value(kept))
    }
}

fn settable(mut said: Map<String, Value>) -> Map<String, Value> {
    said.retain(|name, _| SETTABLE.contains(&name.as_str()));
    said
}

/// The refusal of a rule that is to be kept. It has another form than that of a rule that is to be validated, but for
/// faults of a schedule, in the newest recordings.
fn check(rule: &Map<String, Value>) -> Result<(), ApiError> {
    let details = check::check(rule);
    if details.is_empty() {
        return Ok(());
    }
    let status = StatusCode::BAD_REQUEST;
    if details
        .iter()
        .any(|detail| detail.target.starts_with("schedulingOptions"))
    {
        return Err(ApiError::Invalid(status, INVALID, details));
    }
    let messages = details.into_iter().map(|detail: Detail| detail.message);
    let errors = std::iter::once(INVALID.to_owned()).chain(messages);
    Err(ApiError::Plain(status, errors.collect()))
}

/// A rule that a client may change. The real service lets some members of Datadog's own rules be changed, which is
/// nobody's business here.
fn own(rule: &mut Value) -> Result<&mut Map<String, Value>, ApiError> {
    let refused = || ApiError::new(StatusCode::FORBIDDEN, "Default rules cannot be changed");
    if rule["isDefault"] == true {
        return Err(refused());
    }
    rule.as_object_mut().ok_or_else(refused)
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Threat detection rule not found: {id}"))
}
