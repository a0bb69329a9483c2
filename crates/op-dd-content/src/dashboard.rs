use serde_json::{Map, Value};
use thiserror::Error;

/// A dashboard, as its file has it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    json: Map<String, Value>,
}

/// A widget of a dashboard, and where it is.
#[derive(Clone, Debug)]
pub struct Widget<'a> {
    /// The place of its definition in the file, as a JSON pointer.
    pub pointer: String,
    /// The title of the group that it is in.
    pub group: Option<&'a str>,
    /// What it is.
    pub definition: &'a Map<String, Value>,
}

/// What a widget asks for.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The place of the query's text in the file, as a JSON pointer.
    pub pointer: String,
    /// What is asked: `logs`, or `security_signals`.
    pub data_source: &'a str,
    /// The query, with the dashboard's template variables in it.
    pub text: &'a str,
}

/// A text that is no dashboard.
#[derive(Debug, Error)]
#[error("not a dashboard: {0}")]
pub struct DashboardError(String);

impl Dashboard {
    /// Reads the JSON of a dashboard.
    ///
    /// # Errors
    ///
    /// If it isn't a JSON object.
    pub fn parse(text: &str) -> Result<Self, DashboardError> {
        let json = serde_json::from_str(text).map_err(|error| DashboardError(error.to_string()))?;
        Ok(Self { json })
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        text(&self.json, "title")
    }

    /// All of it.
    #[must_use]
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// The widgets in their order, each group before those in it.
    #[must_use]
    pub fn widgets(&self) -> Vec<Widget<'_>> {
        let mut widgets = Vec::new();
        gather(&self.json, "", None, &mut widgets);
        widgets
    }

    /// A query with the template variables set to what they are set to at first: `$user` becomes
    /// `@usr.email:*`, which asks for nothing and is therefore left out, or `@usr.email:ada`.
    #[must_use]
    pub fn with_defaults(&self, query: &str) -> String {
        let mut text = query.to_owned();
        let mut variables = self.variables();
        // The longest name first: `$user` is the beginning of `$user_type`.
        variables.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, condition) in variables {
            text = text.replace(&format!("${name}.value"), "*");
            text = text.replace(&format!("${name}"), &condition);
        }
        text
    }

    /// The name of each template variable, and the condition that it stands for at first.
    #[must_use]
    pub fn variables(&self) -> Vec<(&str, String)> {
        let variables = self
            .json
            .get("template_variables")
            .and_then(Value::as_array);
        let variables = variables.into_iter().flatten().filter_map(Value::as_object);
        variables
            .map(|variable| {
                let defaults = variable.get("defaults").and_then(Value::as_array);
                let defaults: Vec<&str> = defaults
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .filter(|value| *value != "*")
                    .collect();
                let condition = if defaults.is_empty() {
                    String::new()
                } else {
                    format!("{}:({})", text(variable, "prefix"), defaults.join(" OR "))
                };
                (text(variable, "name"), condition)
            })
            .collect()
    }
}

impl<'a> Widget<'a> {
    /// Its type, such as `toplist`.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        text(self.definition, "type")
    }

    /// Its title; a note has none.
    #[must_use]
    pub fn title(&self) -> &'a str {
        text(self.definition, "title")
    }

    /// Everything that it asks for.
    #[must_use]
    pub fn searches(&self) -> Vec<Search<'a>> {
        let mut searches = Vec::new();
        for (at, request) in objects(self.definition, "requests") {
            let place = format!("{}/requests/{at}", self.pointer);
            if let Some(stream) = request.get("query").and_then(Value::as_object) {
                searches.push(Search {
                    pointer: format!("{place}/query/query_string"),
                    data_source: "logs",
                    text: text(stream, "query_string"),
                });
            }
            for (at, query) in objects(request, "queries") {
                if let Some(search) = query.get("search").and_then(Value::as_object) {
                    searches.push(Search {
                        pointer: format!("{place}/queries/{at}/search/query"),
                        data_source: text(query, "data_source"),
                        text: text(search, "query"),
                    });
                }
            }
        }
        searches
    }
}

fn gather<'a>(
    of: &'a Map<String, Value>,
    place: &str,
    group: Option<&'a str>,
    widgets: &mut Vec<Widget<'a>>,
) {
    for (at, widget) in objects(of, "widgets") {
        let Some(definition) = widget.get("definition").and_then(Value::as_object) else {
            continue;
        };
        let pointer = format!("{place}/widgets/{at}/definition");
        widgets.push(Widget {
            pointer: pointer.clone(),
            group,
            definition,
        });
        gather(
            definition,
            &pointer,
            Some(text(definition, "title")),
            widgets,
        );
    }
}

fn objects<'a>(
    of: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (usize, &'a Map<String, Value>)> {
    let list = of.get(key).and_then(Value::as_array);
    let items = list.into_iter().flatten().enumerate();
    items.filter_map(|(at, item)| Some((at, item.as_object()?)))
}

fn text<'a>(of: &'a Map<String, Value>, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}
