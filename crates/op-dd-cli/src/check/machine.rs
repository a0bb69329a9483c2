//! What is on this machine: folders, and the address of the telemetry.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use op_dd_bridge::StateFolder;

use super::finding::{Check, Finding, Subject, parted};
use super::probe::{Fitness, probe};
use crate::exit::{Exit, Failure};
use crate::remedy;

/// The state folder, and what is in it, if it can be read. One that a running op-dd holds is fine.
pub(super) fn state(folder: Result<&Path, &Failure>) -> (Vec<Finding>, Option<StateFolder>) {
    let check = Check::begin("state-folder", Subject::Machine);
    let folder = match folder {
        Ok(folder) => folder,
        Err(failure) => return (vec![check.failed(failure)], None),
    };
    let shown = folder.display();
    let state = match StateFolder::read(folder) {
        Ok(state) => Some(state),
        Err(_) if !folder.exists() => None,
        Err(error) => {
            let (detail, remedy) = parted(&error.to_string());
            return (vec![check.fail(Exit::StateFolder, detail, remedy)], None);
        }
    };
    let holder = state.as_ref().and_then(|state| state.holder);
    let finding = match (holder, probe(folder)) {
        (Some(holder), _) => check.ok(format!("{shown}, held by {holder}: op-dd is running")),
        (None, Ok(Fitness::Present)) => check.ok(format!("{shown} can be written and locked")),
        (None, Ok(Fitness::ToBeMade)) => {
            check.ok(format!("{shown} will be made at the first start"))
        }
        (None, Err(error)) => check.fail(
            Exit::StateFolder,
            format!("{shown} can't be written ({error})"),
            "give this user the right to, or choose another folder: --state, or dir of [state]",
        ),
    };
    let mut findings = vec![finding];
    if let Some(state) = &state {
        findings.push(checkpoints(state));
    }
    (findings, state)
}

fn checkpoints(state: &StateFolder) -> Finding {
    let check = Check::begin("checkpoints", Subject::Machine);
    let unreadable = state.streams.iter().filter_map(|stream| {
        let error = stream.checkpoint.as_ref().err()?;
        Some((error, remedy::of_store(&stream.stream, error)))
    });
    let unreadable: Vec<_> = unreadable
        .chain(state.faults.iter().map(|fault| (fault, None)))
        .collect();
    let Some((first, command)) = unreadable.first() else {
        let kept = state
            .streams
            .iter()
            .filter(|stream| matches!(stream.checkpoint, Ok(Some(_))));
        return check.ok(format!("{} can be read", kept.count()));
    };
    let (mut detail, remedy) = parted(&first.to_string());
    if unreadable.len() > 1 {
        detail = format!("{detail}, and {} more", unreadable.len() - 1);
    }
    let mut finding = check.fail(first.kind().into(), detail, remedy);
    finding.add_to_remedy(command.as_deref());
    finding
}

/// The address that metrics are asked for at. In use is fine if it is a running op-dd that has it.
pub(super) fn telemetry(
    address: Option<SocketAddr>,
    state: Option<&StateFolder>,
    offline: bool,
) -> Finding {
    let check = Check::begin("telemetry-address", Subject::Machine);
    let Some(address) = address else {
        return check.skipped("there is no listen under [telemetry]");
    };
    if offline {
        return check.skipped(OFFLINE);
    }
    let holder = state.and_then(|state| state.holder);
    match (TcpListener::bind(address), holder) {
        (Ok(_), _) => check.ok(format!("{address} is free")),
        (Err(error), Some(holder)) if error.kind() == std::io::ErrorKind::AddrInUse => check.ok(
            format!("{address} is in use, as it is while op-dd runs ({holder})"),
        ),
        (Err(error), _) => check.fail(
            Exit::Configuration,
            format!("nothing can listen at {address} ({error})"),
            "choose another address for listen of [telemetry], or stop what has it",
        ),
    }
}

/// Why a check that takes a connection is left out.
pub(super) const OFFLINE: &str = "--offline";
