//! What a process holds doesn't grow with what it has carried.

use assert_cmd::Command;

/// In a process of its own: the tests beside it open files and take memory, too.
#[test]
fn traffic_of_many_accounts_leaves_nothing_behind() {
    let mut soak = Command::new(env!("CARGO_BIN_EXE_soak"));
    soak.args(["--accounts", "20", "--minutes", "20"]);
    soak.assert().success();
}
