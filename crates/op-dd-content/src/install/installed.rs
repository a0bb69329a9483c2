use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Map, Value};

use super::client::Call;
use super::resource::Resource;
use super::{ApiError, ApiErrorKind, Client, Selection, mark};

/// How many are asked for at a time.
const PAGE: usize = 100;

/// What is in Datadog of ours.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    pub(super) objects: Vec<Found>,
    /// Whether Datadog's own pipeline for 1Password is there.
    pub(super) datadogs_pipeline: bool,
}

/// One of them, or a copy of one that somebody made, mark included.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) resource: Resource,
    pub(super) id: String,
    /// What it is known by: its file's name.
    pub(super) mark: String,
    pub(super) json: Value,
}

impl Installed {
    /// The one that is ours of those that bear a name's mark: what is called as its file has it, or, where there is
    /// no file, whatever it is called; the oldest of these. The others are copies.
    pub(super) fn ours(
        &self,
        resource: Resource,
        name: &str,
        title: Option<&str>,
    ) -> Option<&Found> {
        let mut found = self.objects.iter();
        found.find(|found| {
            let is_called_so = || title.is_none_or(|title| found.title() == title);
            (found.resource, &*found.mark) == (resource, name) && is_called_so()
        })
    }
}

impl Client {
    /// Reads what bears our marks, as far as `selection` takes it in.
    ///
    /// # Errors
    ///
    /// If the API doesn't give it.
    pub async fn installed(&self, selection: &Selection) -> Result<Installed, ApiError> {
        let mut installed = Installed::default();
        for resource in selection.resources() {
            let list = self.list(resource).await?;
            if resource == Resource::Pipeline {
                installed.datadogs_pipeline = list.iter().any(mark::is_datadogs_pipeline);
            }
            for object in list {
                if let Some(found) = Found::of(resource, object)
                    && selection.has(resource, &found.mark)
                    && let Some(whole) = self.whole(found).await?
                {
                    installed.objects.push(whole);
                }
            }
        }
        installed.objects.sort_by(|a, b| a.age().cmp(&b.age()));
        Ok(installed)
    }

    /// Whether there is one that is ours by this name and is called so in Datadog.
    pub(super) async fn has(
        &self,
        resource: Resource,
        name: &str,
        title: &str,
    ) -> Result<bool, ApiError> {
        let list = self.list(resource).await?;
        let mut found = list
            .into_iter()
            .filter_map(|object| Found::of(resource, object));
        Ok(found.any(|found| found.mark == name && found.title() == title))
    }

    pub(super) async fn list(
        &self,
        resource: Resource,
    ) -> Result<Vec<Map<String, Value>>, ApiError> {
        let path = resource.path();
        let mut list = Vec::new();
        let mut ids = HashSet::new();
        for page in 0.. {
            let (query, member) = match resource {
                Resource::Pipeline => (String::new(), None),
                Resource::Rule => (
                    format!("?page[size]={PAGE}&page[number]={page}"),
                    Some("data"),
                ),
                Resource::Monitor => (
                    format!("?monitor_tags={}&page_size={PAGE}&page={page}", mark::OURS),
                    None,
                ),
                Resource::Dashboard => (
                    format!("?count={PAGE}&start={}", page * PAGE),
                    Some("dashboards"),
                ),
            };
            let mut answer = self.get(resource, &format!("{path}{query}")).await?;
            let items = match member {
                Some(member) => answer.get_mut(member).map(Value::take),
                None => Some(answer),
            };
            let Some(Value::Array(items)) = items else {
                return Err(self.not_understood(resource, "there is no list in it"));
            };
            let whole = items.len() == PAGE && resource != Resource::Pipeline;
            let before = ids.len();
            for item in items {
                if let Value::Object(item) = item
                    && ids.insert(item.get("id").map(Value::to_string))
                {
                    list.push(item);
                }
            }
            // A server that knows no pages gives the first again and again.
            if !whole || ids.len() == before {
                break;
            }
        }
        Ok(list)
    }

    /// A list of dashboards has only what heads them. Nothing, if it is gone by now.
    async fn whole(&self, mut found: Found) -> Result<Option<Found>, ApiError> {
        if found.resource == Resource::Dashboard {
            let path = format!("{}/{}", found.resource.path(), found.id);
            found.json = match self.get(found.resource, &path).await {
                Err(error) if error.status() == Some(404) => return Ok(None),
                answer => answer?,
            };
        }
        Ok(Some(found))
    }

    async fn get(&self, resource: Resource, path: &str) -> Result<Value, ApiError> {
        let call = Call {
            method: Method::GET,
            path,
            body: None,
            permission: resource.reading(),
            repeatable: true,
        };
        self.call(&call).await
    }

    fn not_understood(&self, resource: Resource, why: &'static str) -> ApiError {
        let call = format!("{} {}", Method::GET, resource.path());
        ApiError::new(ApiErrorKind::Unexpected, call, self.host()).with_source(why)
    }
}

impl Found {
    fn of(resource: Resource, object: Map<String, Value>) -> Option<Self> {
        let id = match object.get("id")? {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        // It becomes a part of an address.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if id.is_empty() || !id.chars().all(plain) {
            return None;
        }
        Some(Self {
            resource,
            id,
            mark: mark::read(resource, &object)?,
            json: Value::Object(object),
        })
    }

    /// What people see that it is called.
    pub(super) fn title(&self) -> &str {
        title(self.resource, &self.json)
    }

    /// What sorts objects of one kind by the time of their creation.
    fn age(&self) -> (Resource, String, &str) {
        let created = ["createdAt", "created_at", "created"]
            .iter()
            .find_map(|key| self.json.get(key));
        let created = match created {
            Some(Value::Number(time)) => format!("{:>20}", time.to_string()),
            Some(Value::String(time)) => time.clone(),
            _ => String::new(),
        };
        (self.resource, created, &self.id)
    }
}

/// What people see that an object is called.
pub(super) fn title(resource: Resource, object: &Value) -> &str {
    let member = match resource {
        Resource::Dashboard => "title",
        Resource::Pipeline | Resource::Rule | Resource::Monitor => "name",
    };
    object[member].as_str().unwrap_or_default().trim()
}
