use reqwest::Method;
use serde_json::Value;

use super::client::{Call, delays};
use super::installed::title;
use super::plan::Wanted;
use super::resource::Resource;
use super::{Action, ApiError, Client, Step};

impl Client {
    /// Has Datadog judge what a step would put there, without putting it. Datadog judges rules and monitors
    /// only; the rest counts as good.
    ///
    /// # Errors
    ///
    /// [`Refused`](super::ApiErrorKind::Refused) if it would be refused, and as for any call.
    pub async fn validate(&self, step: &Step<'_>) -> Result<(), ApiError> {
        let (Some(wanted), true) = (&step.wanted, step.is_change()) else {
            return Ok(());
        };
        let Some((path, permission)) = step.resource.validation() else {
            return Ok(());
        };
        let call = Call {
            method: Method::POST,
            path,
            body: Some(&wanted.json),
            permission,
            repeatable: true,
        };
        self.call(&call).await.map(drop)
    }

    /// Does a step. One that changes nothing sends nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`](super::ApiErrorKind::Refused) if Datadog refuses it, and as for any call.
    pub async fn apply(&self, step: &Step<'_>) -> Result<(), ApiError> {
        match (&step.action, &step.wanted, &step.id) {
            (Action::Create, Some(wanted), _) => self.create(step.resource, wanted).await,
            (Action::Replace(_), Some(wanted), Some(id)) => {
                let mut json = wanted.json.clone();
                if let (Resource::Rule, Some(json)) = (step.resource, json.as_object_mut()) {
                    // The API has no such member in an update: a rule's type is for good.
                    json.remove("type");
                }
                self.change(Method::PUT, step.resource, id, Some(&json))
                    .await
            }
            (Action::Remove, _, Some(id)) => {
                match self.change(Method::DELETE, step.resource, id, None).await {
                    // Somebody else was quicker, or the first try had its effect.
                    Err(error) if error.status() == Some(404) => Ok(()),
                    done => done,
                }
            }
            _ => Ok(()),
        }
    }

    async fn change(
        &self,
        method: Method,
        resource: Resource,
        id: &str,
        body: Option<&Value>,
    ) -> Result<(), ApiError> {
        let call = Call {
            method,
            path: &format!("{}/{id}", resource.path()),
            body,
            permission: resource.writing(),
            repeatable: true,
        };
        self.call(&call).await.map(drop)
    }

    /// What may have been created is looked for before it is created again.
    async fn create(&self, resource: Resource, wanted: &Wanted<'_>) -> Result<(), ApiError> {
        let call = Call {
            method: Method::POST,
            path: resource.path(),
            body: Some(&wanted.json),
            permission: resource.writing(),
            repeatable: false,
        };
        let mut delays = delays();
        loop {
            let Err(error) = self.call(&call).await else {
                return Ok(());
            };
            if !error.may_have_been_done() || !self.waited(&error, &mut delays).await {
                return Err(error);
            }
            let title = title(resource, &wanted.json);
            if self.has(resource, wanted.asset.name(), title).await? {
                return Ok(());
            }
        }
    }
}
