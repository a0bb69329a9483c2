#![doc = include_str!("../README.md")]

pub mod simulator;
pub mod soak;
pub mod kills;
pub mod programs;
