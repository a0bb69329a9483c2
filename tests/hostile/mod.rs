//! Input that nobody should send: what is asserted of any input at all, for fuzz targets and
//! property tests alike.

pub mod oracle;
