#![doc = include_str!("../README.md")]

pub mod simulator;
pub mod soak;
