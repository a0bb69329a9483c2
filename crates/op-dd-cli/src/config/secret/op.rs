//! Secrets that are kept in 1Password itself, by its command line `op`.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{MOST_BYTES, words};

/// How long `op` may take: it waits for somebody who isn't there, if it isn't signed in.
const LIMIT: Duration = Duration::from_secs(10);

/// How much of what `op` says is quoted, in characters.
const MOST_QUOTED: usize = 200;

const REMEDY: &str = "sign in, or set OP_SERVICE_ACCOUNT_TOKEN";

/// What `op://VAULT/ITEM/FIELD` refers to.
pub(super) fn read(reference: &str) -> Result<String, String> {
    ask(Command::new("op"), reference, LIMIT)
}

fn ask(mut op: Command, reference: &str, limit: Duration) -> Result<String, String> {
    let deadline = Instant::now() + limit;
    let mut child = op
        .args(["read", "--no-newline", reference])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!(
                "{reference} can't be read, for 1Password's program op is not on the PATH: install it, or write \
                 env:NAME or file:/PATH"
            ),
            _ => format!("{reference} can't be read: op can't be started: {error}"),
        })?;
    let said = child.stdout.take().map(aside);
    let complaint = child.stderr.take().map(aside);
    let said = said.and_then(|said| within(&said, deadline));
    let complaint = complaint.and_then(|complaint| within(&complaint, deadline));
    let (Some(said), Some(complaint), Some(status)) = (said, complaint, end(&mut child, deadline))
    else {
        // It may have ended by now, which is as good.
        let _ = child.kill();
        let _ = child.wait();
        let seconds = limit.as_secs_f32();
        return Err(format!(
            "op read {reference} gave no answer within {seconds} s: {REMEDY}"
        ));
    };
    if status.success() {
        return String::from_utf8(said).map_err(|_| {
            format!("op read {reference} gave what is no text: name a field of text")
        });
    }
    let complaint = quoted(&String::from_utf8_lossy(&complaint));
    Err(format!(
        "op read {reference} failed ({complaint}): {REMEDY}"
    ))
}

/// Reads to the end on a thread of its own: what `op` has started may keep the pipe open after it.
fn aside(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(MOST_BYTES + 1);
        if pipe.read_to_end(&mut bytes).is_ok() {
            // Whoever waited for it may have given up.
            let _ = sender.send(bytes);
        }
    });
    receiver
}

fn within(receiver: &Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    let left = deadline.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).ok()
}

fn end(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The first line of what `op` says, without words that may be a secret.
fn quoted(complaint: &str) -> String {
    let mut lines = complaint.lines().map(str::trim);
    let line = lines
        .find(|line| !line.is_empty())
        .unwrap_or("it doesn't say why");
    let line = words(line)
        .filter(|word| word.len() >= 20)
        .fold(line.to_owned(), |line, word| line.replace(word, "…"));
    line.chars()
        .filter(|c| !c.is_control())
        .take(MOST_QUOTED)
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const REFERENCE: &str = "op://Private/Events API/token";

    /// A shell script in the place of `op`.
    fn ask_script(script: &str, limit: Duration) -> Result<String, String> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "op"]);
        ask(shell, REFERENCE, limit)
    }

    fn ask_quick(script: &str) -> Result<String, String> {
        ask_script(script, Duration::from_secs(30))
    }

    #[test]
    fn what_it_prints_is_the_secret() {
        let said = ask_quick("printf '%s|%s|%s' \"$1\" \"$2\" \"$3\"; echo careful >&2");
        assert_eq!(said.unwrap(), format!("read|--no-newline|{REFERENCE}"));
    }

    #[test]
    fn nobody_is_asked_on_its_standard_input() {
        assert_eq!(ask_quick("read line || printf nobody").unwrap(), "nobody");
    }

    #[test]
    fn why_it_failed_is_quoted_without_secrets() {
        let token = "abcdefghijklmnopqrstuvwxyz012345";
        let script = format!(
            "printf {token}; echo '[ERROR] no item \"x\": {token}' >&2; echo more >&2; exit 1"
        );
        let error = ask_quick(&script).unwrap_err();
        assert_eq!(
            error,
            format!("op read {REFERENCE} failed ([ERROR] no item \"x\": …): {REMEDY}")
        );
        let error = ask_quick("exit 6").unwrap_err();
        assert!(error.contains("(it doesn't say why)"), "{error}");
        let error =
            ask_quick("i=0; while [ $i -lt 999 ]; do printf 'no, ' >&2; i=$((i+1)); done; exit 1");
        assert!(error.as_ref().unwrap_err().len() < 400, "{error:?}");
    }

    #[test]
    fn who_gives_no_answer_is_not_waited_for() {
        for script in [
            "exec sleep 600",
            // The pipes are closed, and it goes on.
            "exec >&- 2>&-; exec sleep 600",
            // It has ended, and something that it started holds the pipes.
            "sleep 600 & exit 0",
        ] {
            let error = ask_script(script, Duration::from_millis(200)).unwrap_err();
            let expected = format!("op read {REFERENCE} gave no answer within 0.2 s: {REMEDY}");
            assert_eq!(error, expected, "{script}");
        }
    }

    #[test]
    fn where_there_is_none_it_says_so() {
        let error = ask(Command::new("/nowhere/op"), REFERENCE, LIMIT).unwrap_err();
        assert!(
            error.contains("op is not on the PATH: install it"),
            "{error}"
        );
    }
}
