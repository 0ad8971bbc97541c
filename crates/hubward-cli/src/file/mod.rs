//! The program's own files: read a line at a time, sealed, and replaced whole or not at all.

mod lines;
mod replace;
mod seal;

pub(crate) use lines::Lines;
pub(crate) use replace::{Seen, replace};
pub(crate) use seal::{SealArguments, random, snapshot_of};
