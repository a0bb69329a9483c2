#![no_main]

// The program's own files: it has no library, and needs none for the sake of this.
#[path = "../../crates/op-dd-cli/src/archive/bucket.rs"]
#[allow(dead_code, reason = "nothing is put into it here")]
mod bucket;
#[path = "../../crates/op-dd-cli/src/archive/place.rs"]
#[allow(dead_code, reason = "as above")]
mod place;
mod archive {
    pub(crate) use crate::bucket::Bucket;
    pub(crate) use crate::place::Place;
}
use bucket::Bucket;
#[path = "../../crates/op-dd-cli/src/config/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "what the program does with a configuration is not here"
)]
mod config;
#[path = "../../crates/op-dd-cli/src/exit.rs"]
#[allow(dead_code, reason = "as above")]
mod exit;
#[path = "../../crates/op-dd-cli/src/config/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::config(input));
