#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod hostile;
pub mod kills;
pub mod programs;
pub mod simulator;
pub mod soak;
