#![no_main]

use op_dd_tests::hostile::oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::search(input));
