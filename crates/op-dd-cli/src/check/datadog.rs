//! Datadog: the key, the intake, and the way to both.

use std::time::SystemTime;

use datadog_logs::{Client, SendError, SendErrorKind, Site};

use super::clock::Reading;
use super::finding::{Check, Finding, Subject, cause, parted};
use super::machine::OFFLINE;
use super::way::Way;
use crate::config;
use crate::exit::{Exit, Failure};

/// Everything about it, and what its clock says.
pub(super) async fn check(
    settings: &config::Datadog,
    client: Option<&Result<Client, Failure>>,
    way: &Way,
    offline: bool,
) -> (Vec<Finding>, Option<Reading>) {
    let mut findings = vec![site(settings)];
    let key = Check::begin("api-key", Subject::Datadog);
    let intake = Check::begin("intake", Subject::Datadog);
    let client = match client {
        Some(Ok(client)) => client,
        None => {
            findings.push(key.skipped(OFFLINE));
            findings.push(intake.skipped(OFFLINE));
            return (findings, None);
        }
        Some(Err(failure)) => {
            findings.push(key.failed(failure));
            findings.push(intake.skipped("it takes the key"));
            return (findings, None);
        }
    };
    if offline {
        findings.push(key.ok("it can be read; whether Datadog takes it is not asked"));
        findings.push(intake.skipped(OFFLINE));
        return (findings, None);
    }
    let address = address(settings);
    findings.push(match client.validate().await {
        Ok(_) => key.ok("Datadog takes it"),
        Err(error) => failed(key, &error, &address.api_url(), way),
    });
    let intake = Check::begin("intake", Subject::Datadog);
    let asked = SystemTime::now();
    let url = address.intake_url();
    let (finding, reading) = match client.reach().await {
        Ok(reached) => (intake.ok(format!("{url} answers")), reached),
        Err(error) => (failed(intake, &error, &url, way), error.server_time()),
    };
    findings.push(finding);
    let host = url.host_str().unwrap_or_default();
    let reading = reading.map(|time| Reading::new(host, time, asked));
    (findings, reading)
}

/// Where the keys and the logs go.
fn site(settings: &config::Datadog) -> Finding {
    let check = Check::begin("site", Subject::Datadog);
    let address = address(settings);
    let detail = format!("logs go to {}", address.intake_url());
    if address.is_unknown_domain() {
        return check.warn(
            detail,
            "it is none of Datadog's sites that op-dd knows: see that site of [datadog] (DD_SITE) is written right",
        );
    }
    check.ok(detail)
}

pub(super) fn address(settings: &config::Datadog) -> Site {
    let site = settings.url.as_ref().or(settings.site.as_ref());
    site.cloned().unwrap_or(Site::US1)
}

pub(super) fn failed(check: Check, error: &SendError, server: &url::Url, way: &Way) -> Finding {
    let (mut detail, mut remedy) = parted(&error.to_string());
    match error.kind() {
        SendErrorKind::Certificate => remedy = Way::CERTIFICATE.to_owned(),
        SendErrorKind::Connect => remedy = way.remedy(server, "site or url of [datadog]"),
        SendErrorKind::Unauthorized => {
            remedy = "see that api_key of [datadog] (DD_API_KEY) is whole and not revoked, and is a key of this site"
                .to_owned();
        }
        SendErrorKind::RateLimited | SendErrorKind::Server | SendErrorKind::Timeout => {
            remedy = "try again later; https://status.datadoghq.com says how Datadog is".to_owned();
        }
        _ => {}
    }
    let exit = Exit::from(error.kind());
    if exit == Exit::Unreachable {
        detail.push_str(&cause(error));
    }
    check.fail(exit, detail, remedy)
}
