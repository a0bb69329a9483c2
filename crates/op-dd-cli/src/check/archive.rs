//! The archive, if there is to be one: its folder, or its bucket.

use std::path::Path;

use datadog_logs::{ReqwestTransport, SendError, SendErrorKind};

use super::finding::{Check, Finding, Subject, cause, parted};
use super::probe::{Fitness, probe};
use super::way::Way;
use crate::archive::{Bucket, Connector, Place};
use crate::config::Config;
use crate::exit::Exit;

/// Nothing is kept in it.
pub(super) async fn check(config: &Config, transport: ReqwestTransport, offline: bool) -> Finding {
    match config.archive_place() {
        None => Check::begin("archive-folder", Subject::Machine).skipped("there is no [archive]"),
        Some(Place::Folder(path)) => folder(&path),
        Some(Place::Bucket(address)) => {
            let connector = Connector::new(transport, config.http.timeout);
            bucket(&address, &connector, offline).await
        }
    }
}

fn folder(path: &Path) -> Finding {
    let check = Check::begin("archive-folder", Subject::Machine);
    let shown = path.display();
    match probe(path) {
        Ok(Fitness::Present) => check.ok(format!("{shown} can be written")),
        Ok(Fitness::ToBeMade) => check.ok(format!("{shown} will be made")),
        Err(error) => check.fail(
            Exit::StateFolder,
            format!("{shown} can't be written ({error})"),
            "give this user the right to, or choose another folder: dir of [archive]",
        ),
    }
}

async fn bucket(address: &Bucket, connector: &Connector, offline: bool) -> Finding {
    let check = Check::begin("archive-bucket", Subject::Machine);
    let archive = match address.open(connector) {
        Ok(archive) => archive,
        Err(error) => return failed(check, &error),
    };
    if offline {
        return check.ok(format!(
            "events go to {address}; whether it answers is not asked"
        ));
    }
    match archive.reach().await {
        Ok(true) => check.ok(format!("{address} is there, and takes the credentials")),
        Ok(false) => check.warn(
            format!("{address} knows the credentials, and lets them read nothing"),
            "see that they may put objects there: that can't be told without writing one",
        ),
        Err(error) => failed(check, &error),
    }
}

fn failed(check: Check, error: &SendError) -> Finding {
    let (detail, mut remedy) = parted(&error.to_string());
    let exit = match error.kind() {
        SendErrorKind::Unauthorized => Exit::StateFolder,
        kind => kind.into(),
    };
    if error.kind() == SendErrorKind::Certificate {
        remedy = Way::CERTIFICATE.to_owned();
    }
    check.fail(exit, format!("{detail}{}", cause(error)), remedy)
}
