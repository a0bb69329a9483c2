use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde_json::json;

use super::client::Call;
use super::{ApiError, Client, Permission};
use crate::{Log, LogFile};

/// The most that a search gives at once.
const MOST: usize = 1000;

impl Client {
    /// Searches all indexes for logs of the time since `age` ago, by Datadog's clock; the newest 1,000 of them.
    ///
    /// A log is found once it is indexed, which takes some seconds. One that no index takes in is never found.
    ///
    /// # Errors
    ///
    /// As for any call. It takes [`Permission::READ_LOGS`].
    pub async fn logs(&self, query: &str, age: Duration) -> Result<Vec<Log>, ApiError> {
        let search = json!({
            "filter": { "query": query, "from": format!("now-{}s", age.as_secs()), "to": "now" },
            "sort": "-timestamp",
            "page": { "limit": MOST },
        });
        let call = Call {
            method: Method::POST,
            path: "api/v2/logs/events/search",
            body: Some(&search),
            permission: Permission::READ_LOGS,
            repeatable: true,
        };
        let answer = self.call(&call).await?.to_string();
        let found = LogFile::read(answer.as_bytes(), SystemTime::now());
        // A text in memory can always be read.
        Ok(found.map(|found| found.logs).unwrap_or_default())
    }
}
