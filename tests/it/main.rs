//! Everything that crosses crates: the libraries against the fakes over real sockets, and the real
//! program.

mod content;
mod demo;
mod exit_codes;
mod heartbeat;
mod hostile;
mod kills;
mod marked;
mod mixed_page;
mod mutation;
mod oracles;
mod organisation;
mod outages;
mod program;
mod real_pages;
mod refusals;
mod rules;
mod running;
mod secrets;
mod simulator;
mod soak;
mod sockets;
mod state;
mod tls;
mod workspace;
mod world;
