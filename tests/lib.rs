#![doc = include_str!("../README.md")]

pub mod kills;
pub mod programs;
pub mod simulator;
pub mod soak;
