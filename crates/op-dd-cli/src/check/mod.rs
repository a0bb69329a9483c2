//! `op-dd check`: both ends and everything between, and what to do about what is wrong.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use datadog_logs::{ReqwestTransport, Tags};
use futures_util::{StreamExt as _, stream};
use onepassword_events::EventSource as _;
use op_dd_bridge::{DefaultMapper, Name, Privacy, StateFolder};

use self::end_to_end::EndToEnd;
use self::finding::{Check, Finding, Subject};
use self::onepassword::{Account, Reader, Surroundings};
use self::way::Way;
use crate::accounts::{Accounts, Member};
use crate::args::{ChecklistArgs, Form};
use crate::assembly;
use crate::config::{Config, Secret, Start};
use crate::content::connection;
use crate::counted::counted;
use crate::exit::{Exit, Failure};
use crate::privacy::privacy;
use crate::telemetry::Telemetry;

mod archive;
mod clock;
mod datadog;
mod end_to_end;
mod finding;
mod machine;
mod onepassword;
mod probe;
mod report;
mod way;

/// How many accounts are checked at a time.
const AT_A_TIME: usize = 32;

pub(crate) async fn execute(args: &ChecklistArgs) -> Result<Exit, Failure> {
    let findings = checklist(args).await;
    let mut out = anstream::stdout().lock();
    // Whoever reads may have gone; the exit code says it, too.
    let _ = match args.format {
        Form::Human => report::tell(&findings, args.verbose, &mut out),
        Form::Json => report::tell_in_json(&findings, &mut out),
    };
    verdict(&findings)
}

/// What a run would be made of.
struct Plan {
    config: Arc<Config>,
    accounts: Accounts,
    tags: Tags,
    privacy: Privacy,
    transport: ReqwestTransport,
    /// Nobody looks at it: the parts count their calls in it.
    telemetry: Telemetry,
}

impl Plan {
    fn read(args: &ChecklistArgs) -> Result<Self, Failure> {
        let config = match &args.config {
            Some(path) => Config::read(path),
            None => Config::from_environment(),
        };
        let config = Arc::new(config?);
        let ca = config.ca_certificates()?;
        let transport = assembly::transport(&config.http, ca.as_deref())?;
        let tags = Tags::new(&config.datadog()?.tags)
            .map_err(|error| Failure::configuration(format!("tags of [datadog]: {error}")))?;
        // Offline nothing is mapped, and a key that is elsewhere isn't asked for.
        let key = config.privacy.key.as_ref();
        let privacy = match args.offline && !key.is_none_or(is_at_hand) {
            true => Privacy::new(),
            false => privacy(&config)?,
        };
        let telemetry = Telemetry::new(&config);
        let ours = Arc::clone(&config);
        let accounts = Accounts::new(ours, ca.as_deref(), tags.clone(), &telemetry)?;
        Ok(Self {
            config,
            accounts,
            tags,
            privacy,
            transport,
            telemetry,
        })
    }
}

/// Every check, in order.
async fn checklist(args: &ChecklistArgs) -> Vec<Finding> {
    let check = Check::begin("configuration", Subject::Machine);
    let plan = Plan::read(args);
    let (plan, datadog) = match plan.as_ref().map(|plan| (plan, plan.config.datadog())) {
        Ok((plan, Ok(datadog))) => (plan, datadog),
        // All that is wrong with a file is found at once.
        Ok((_, Err(failure))) => return check.failed_for_each(&failure),
        Err(failure) => return check.failed_for_each(failure),
    };
    let config = &plan.config;
    let count = counted(config.accounts.len(), "account");
    let mut findings = vec![check.ok(match &args.config {
        Some(path) => format!("{}, {count}", path.display()),
        None => format!("from the environment, {count}"),
    })];
    let (of_machine, state) = machine(plan, args).await;
    findings.extend(of_machine);

    let around = Surroundings {
        state,
        mapper: Arc::new(
            (plan.privacy).around(DefaultMapper::new().late_after(datadog.late_after)),
        ),
        way: Way::of(config),
        offline: args.offline,
    };
    let intake = (!args.offline || is_at_hand(&datadog.api_key)).then(|| {
        assembly::intake(
            datadog,
            &config.http,
            plan.transport.clone(),
            &plan.telemetry,
        )
    });
    let accounts = open(&plan.accounts, config, args.offline);
    let (of_accounts, (of_datadog, reading)) = tokio::join!(
        stream::iter(&accounts)
            .map(|account| account.check(&around))
            .buffered(AT_A_TIME)
            .collect::<Vec<_>>(),
        datadog::check(datadog, intake.as_ref(), &around.way, args.offline),
    );
    let mut readings = Vec::new();
    for (of_account, reading) in of_accounts {
        findings.extend(of_account);
        readings.extend(reading);
    }
    if !args.offline {
        findings.push(clock::check(clock::begin(Subject::OnePassword), readings));
    }
    let is_good = |finding: &Finding| finding.outcome.exit().is_none();
    let intake = intake
        .and_then(Result::ok)
        .filter(|_| of_datadog.iter().all(is_good));
    findings.extend(of_datadog);
    if !args.offline {
        let reading = reading.into_iter().collect();
        findings.push(clock::check(clock::begin(Subject::Datadog), reading));
    }
    if args.end_to_end {
        findings.extend(end_to_end(plan, intake, &around.way, args).await);
    }
    findings
}

async fn machine(plan: &Plan, args: &ChecklistArgs) -> (Vec<Finding>, Option<StateFolder>) {
    let config = &plan.config;
    let folder = config.state_folder(args.state.as_deref());
    let (mut findings, state) = machine::state(folder.as_deref());
    findings.push(archive::check(config, plan.transport.clone(), args.offline).await);
    let address = config.telemetry.listen;
    findings.push(machine::telemetry(address, state.as_ref(), args.offline));
    (findings, state)
}

async fn end_to_end(
    plan: &Plan,
    intake: Option<datadog_logs::Client>,
    way: &Way,
    args: &ChecklistArgs,
) -> Vec<Finding> {
    let (Some(intake), Ok(datadog)) = (intake, plan.config.datadog()) else {
        let check = Check::begin("log-sent", Subject::Datadog);
        return vec![check.skipped("key and intake come first")];
    };
    let trial = EndToEnd {
        intake,
        intake_url: datadog::address(datadog).intake_url(),
        api: connection::client(&plan.config),
        tags: plan.tags.clone(),
        way,
        patience: args.patience,
    };
    trial.check().await
}

/// The accounts as a run would open them; offline without those whose token takes a connection to be read.
fn open(accounts: &Accounts, config: &Config, offline: bool) -> Vec<Account> {
    let now = SystemTime::now();
    let mut opened: HashMap<Name, Result<Member, Failure>> = if offline {
        let at_hand = config
            .accounts
            .iter()
            .filter(|settings| is_at_hand(&settings.token));
        at_hand
            .map(|settings| (settings.name.clone(), accounts.open_named(&settings.name)))
            .collect()
    } else {
        let (members, left_out) = accounts.open_all();
        let members = members
            .into_iter()
            .map(|member| (member.account.name().clone(), Ok(member)));
        let left_out = left_out.into_iter().map(|one| (one.name, Err(one.failure)));
        members.chain(left_out).collect()
    };
    let all = config.accounts.iter().map(|settings| {
        let start = settings
            .start
            .clone()
            .unwrap_or(Start::Ago(config.polling.start));
        let member = opened.remove(&settings.name);
        let reader = member.map(|member| {
            member.map(|Member { client, .. }| Reader {
                feeds: settings.feeds.clone().unwrap_or_else(|| client.feeds()),
                client,
                start: start.time(now),
            })
        });
        Account {
            name: settings.name.clone(),
            reader,
        }
    });
    all.collect()
}

/// Whether it takes no connection to read a secret.
fn is_at_hand(secret: &Secret) -> bool {
    !matches!(secret, Secret::OnePassword(_))
}

/// The one class of all that fails, or that there are several.
fn verdict(findings: &[Finding]) -> Result<Exit, Failure> {
    let failing: Vec<_> = findings
        .iter()
        .filter_map(|finding| Some((finding, finding.outcome.exit()?)))
        .collect();
    let Some((first, exit)) = failing.first() else {
        return Ok(Exit::Clean);
    };
    let classes: HashSet<_> = failing.iter().map(|(_, exit)| *exit as u8).collect();
    let exit = if classes.len() == 1 {
        *exit
    } else {
        Exit::Partial
    };
    let Finding {
        check,
        subject,
        detail,
        ..
    } = first;
    let remedy = first.outcome.remedy().unwrap_or_default();
    let line = format!("{subject} {check}: {detail}: {remedy}");
    Err(Failure::new(
        exit,
        match failing.len() {
            1 => line,
            count => format!("{count} checks fail, the first: {line}"),
        },
    ))
}
